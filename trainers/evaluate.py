"""Evaluate a run: what its features are worth, beside the same network untrained and beside raw input."""

import dataclasses
import json
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.counts import counted
from headrace.shards.base.errors import InputError, RecipeError
from headrace.shards.base.progress import progress
from headrace.shards.base.report import write_fragment
from headrace.shards.format.atomic import write_whole

from .distributed import local_device
from .evals.base import Labelled, Matrix
from .evals.baselines import raw_input
from .evals.features import network_features
from .evals.labels import LabelledRecords, labelled_records
from .evals.results import UNTRAINED, Result, scores
from .fragments import probe_table
from .runs import RECIPE, Run

RESULTS = "evals.json"


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
    draws = records.training_draws(model.probe, model.seed)
    results = []
    for name, features in all_features(run, records):
        results += judged(run, records, draws, name, features)
    results.append(commonest_class(records))
    found = scores(results, records.groups[records.test])
    lines = json.dumps([dataclasses.asdict(each) for each in found], indent=1)
    write_whole(run.folder / RESULTS, lines.encode())
    write_fragment(run.folder, 40, "probes", probe_table(run.name, model.probe, records, found))
    return results


def all_features(run: Run, records: LabelledRecords) -> Iterator[tuple[str, Matrix]]:
    """The features that are compared, one after the other: trained, untrained, raw."""
    untrained, trained = run.untrained(), run.untrained()
    step = run.checkpoints.restore_model(trained)
    if step is None:
        raise InputError(
            f"{run.folder} holds no checkpoint",
            expected=f"one after every {counted(run.recipe.model.checkpoint_every, 'step')}, and one at the end",
            remedy=f"Train it first (`headrace train {run.folder / RECIPE} --out {run.folder}` goes on), or wait until "
            "the run that is in progress has saved one",
        )
    device = local_device(run.recipe.model.device)
    for name, objective in ((f"trained, {counted(step, 'step')}", trained), (UNTRAINED, untrained)):
        with progress(f"features, {name.split(',')[0]}", len(records.labels)) as advance:
            features = network_features(objective, run.pretext, records.records(), device, advance)
        yield name, features
    yield raw_input(run.data, run.pretext.network, records.records(), ~records.test)


def judged(
    run: Run, records: LabelledRecords, draws: Sequence[NDArray[np.int64]], name: str, features: Matrix
) -> list[Result]:
    """Every evaluation of the recipe on one kind of features, after each draw of the records to be trained on."""
    known = Labelled(features, records.labels, records.groups)
    asked = known.rows(records.test)
    results = []
    with progress(f"probe {name.split(',')[0]}", len(run.recipe.evals) * len(draws)) as advance:
        for evaluation, method in run.recipe.evals.items():
            right = []
            for rows in draws:
                right.append(method.predict(known.rows(rows), asked.features) == asked.labels)
                advance()
            results.append(Result(name, evaluation, np.stack(right)))
    return results


def commonest_class(records: LabelledRecords) -> Result:
    """What is gained by always naming the commonest class of the training records."""
    commonest = np.bincount(records.labels[~records.test]).argmax()
    return Result("none", "commonest class", records.labels[records.test][None] == commonest)
