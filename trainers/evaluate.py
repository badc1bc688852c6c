"""Evaluate a run: what its features are worth, beside the same network untrained and beside raw input."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from headrace.shards.base.errors import InputError, RecipeError
from headrace.shards.base.progress import progress
from headrace.shards.base.report import Table, write_fragment

from .distributed import joined
from .evals.base import Labelled, Matrix
from .evals.baselines import raw_input
from .evals.features import network_features
from .evals.intervals import wilson
from .evals.labels import LabelledRecords, ProbeRecipe, labelled_records
from .runs import Run

RESULTS = "evals.json"


@dataclass(frozen=True)
class Result:
    """What one evaluation found of one kind of features.

    Args:
        features: Whose features.
        evaluation: By what method.
        right: Test records whose class was found.
        total: Test records.
    """

    features: str
    evaluation: str
    right: int
    total: int

    @property
    def accuracy(self) -> float:
        """The share of test records whose class was found."""
        return self.right / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of the accuracy (Wilson)."""
        return wilson(self.right, self.total)


def evaluate(run: Run) -> list[Result]:
    """Evaluate the latest checkpoint of a run; writes RUN/evals.json and a table for the report.

    Raises:
        InputError: There is no checkpoint, or no labels can be found.
        RecipeError: The recipe asks for no evaluation.
    """
    model = run.recipe.model
    if model.probe is None or not run.recipe.evals:
        raise RecipeError(
            f"the recipe of {run.folder} asks for no evaluation",
            expected="`probe`, which says what the labels are, and `evals`",
            remedy="Add both to the recipe and run `headrace train` again, or set them: `headrace eval RUN "
            "'probe={label: {field: label}}' 'evals=[knn]'`",
        )
    records = labelled_records(model.probe, run.data)
    results = []
    for name, features in all_features(run, records):
        results += judged(run, records, name, features)
    results.append(majority(records))
    _write(run, model.probe, records, results)
    return results


def all_features(run: Run, records: LabelledRecords) -> Iterator[tuple[str, Matrix]]:
    """The features that are compared, one after the other: trained, untrained, raw."""
    untrained, trained = run.untrained(), run.untrained()
    step = run.checkpoints.restore_model(trained)
    if step is None:
        raise InputError(f"{run.folder} holds no checkpoint", remedy="Train it first: `headrace train`")
    with joined(run.recipe.model.device) as world:
        for name, objective in ((f"trained, {step:,} steps", trained), ("untrained", untrained)):
            with progress(f"features, {name.split(',')[0]}", len(records.labels)) as advance:
                yield name, network_features(objective, run.pretext, records.records(), world.device, advance)
    yield raw_input(run.data, run.pretext.network, records.records(), ~records.test)


def judged(run: Run, records: LabelledRecords, name: str, features: Matrix) -> list[Result]:
    """Every evaluation of the recipe on one kind of features."""
    known = Labelled(features, records.labels, records.groups)
    train, asked = known.rows(~records.test), known.rows(records.test)
    results = []
    with progress(f"probe {name.split(',')[0]}", len(run.recipe.evals)) as advance:
        for evaluation, method in run.recipe.evals.items():
            found = method.predict(train, asked.features)
            results.append(Result(name, evaluation, int((found == asked.labels).sum()), len(found)))
            advance()
    return results


def majority(records: LabelledRecords) -> Result:
    """What is gained by always naming the commonest class of the training records."""
    commonest = np.bincount(records.labels[~records.test]).argmax()
    asked = records.labels[records.test]
    return Result("none", "commonest class", int((asked == commonest).sum()), len(asked))


def _write(run: Run, probe: ProbeRecipe, records: LabelledRecords, results: list[Result]) -> None:
    lines = [{**vars(each), "accuracy": each.accuracy, "interval": each.interval} for each in results]
    (run.folder / RESULTS).write_text(json.dumps(lines, indent=1), encoding="utf-8")
    write_fragment(run.folder, 40, "probes", table(run, probe, records, results))


def table(run: Run, probe: ProbeRecipe, records: LabelledRecords, results: list[Result]) -> Table:
    """The results as a table, and below it what a reader must know."""
    seen = "" if probe.test_url else "The network has seen the test records, too, though not their labels. "
    note = (
        f"Share of {results[0].total:,} test records whose class of {len(records.classes)} "
        f"({', '.join(records.classes[:12])}{', …' if len(records.classes) > 12 else ''}) is found, learned from "
        f"{int((~records.test).sum()):,} labelled ones, with 95% intervals (Wilson). {seen}"
        "The untrained network is the same one before its first step."
    )
    rows = tuple(map(_row, results))
    columns = ("features", "evaluation", "accuracy %", "from %", "to %")
    title = f"What the features of {run.name} are worth"
    return Table(title=title, note=note, columns=columns, rows=rows, highlight=columns[2])


def _row(result: Result) -> tuple[str | float, ...]:
    shares = (result.accuracy, *result.interval)
    return (result.features, result.evaluation, *(round(100 * share, 1) for share in shares))
