"""Evaluate a run: a checkpoint, the same network untrained, and what needs no network, beside each other.

RUN/evals.json holds

    version, step    of this format; of the checkpoint
    scores           a list; see `Score`. The untrained network's `subject` is "untrained", and `over_untrained` is the
                     difference from it with its interval, of the same draws and test records. All intervals are of 95%
    test_sets        a list; see `Coverage`, and the `warning` that follows from it: "" where there is none
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from headrace.shards.base.counts import counted
from headrace.shards.base.errors import InputError, RecipeError
from headrace.shards.base.report import FOLDER, Table, write_fragment
from headrace.shards.format.atomic import write_whole

from .evals.base import Family
from .evals.coverage import Coverage
from .evals.examination import Examination
from .evals.results import UNTRAINED, Score, scores
from .evals.tables import TABLES, label_note, language_note, table
from .runs import RECIPE, Run

RESULTS = "evals.json"
VERSION = 1


@dataclass(frozen=True)
class Findings:
    """What the evaluations of a run found.

    Args:
        step: Of the checkpoint.
        scores: Of all networks, and of what stands beside them; those of one evaluation together.
        coverages: What is known of each test set's place among the training shards.
        tables: The same to be read, by family.
    """

    step: int
    scores: Sequence[Score]
    coverages: Sequence[Coverage]
    tables: Mapping[Family, Table]

    def dump(self) -> str:
        """The contents of evals.json."""
        test_sets = [{**asdict(each), "warning": each.warning} for each in self.coverages]
        found = [asdict(each) for each in self.scores]
        return json.dumps({"version": VERSION, "step": self.step, "scores": found, "test_sets": test_sets}, indent=1)


def evaluate(run: Run, checkpoint: str = "last") -> Findings:
    """Evaluate a checkpoint of a run; writes RUN/evals.json and tables for the report.

    Args:
        run: The run.
        checkpoint: Which one: `last`, `best` or a step.

    Raises:
        InputError: There is no such checkpoint, or no labels or other data can be found.
        RecipeError: The recipe asks for no evaluation, or for one that does not fit the run.
    """
    if not run.recipe.evals:
        raise RecipeError(
            f"the recipe of {run.folder} asks for no evaluation",
            expected="`evals`, and `probe` where they need labels",
            remedy="Add them to the recipe and run `headrace train` again, or set them: `headrace eval RUN "
            "'probe={label: {field: label}}' 'evals=[knn]'`",
        )
    exam = Examination(run)
    exam.check()
    trained = run.untrained()
    step = run.checkpoints.restore_model(trained, checkpoint)
    if step is None:
        raise InputError(
            f"{run.folder} holds no checkpoint",
            expected=f"one after every {counted(run.recipe.model.checkpoint_every, 'step')}, and one at the end",
            remedy=f"Train it first (`headrace train {run.folder / RECIPE} --out {run.folder}` goes on), or wait until "
            "the run that is in progress has saved one",
        )
    kind = "trained (EMA)" if run.recipe.model.ema else "trained"
    found = scores(
        [
            *exam.results(f"{kind}, {counted(step, 'step')}", trained),
            *exam.results(UNTRAINED, run.untrained()),
            *exam.beside(),
        ]
    )
    findings = Findings(step, found, exam.coverages, _tables(run, exam, found))
    write(run, findings)
    return findings


def write(run: Run, findings: Findings) -> None:
    """Leave findings in the run's folder, and none of an earlier evaluation."""
    write_whole(run.folder / RESULTS, findings.dump().encode())
    for family, (order, name) in TABLES.items():
        if family in findings.tables:
            write_fragment(run.folder, order, name, findings.tables[family])
        else:
            (run.folder / FOLDER / f"{order}-{name}.json").unlink(missing_ok=True)


def _tables(run: Run, exam: Examination, found: Sequence[Score]) -> dict[Family, Table]:
    """A table of each family that was asked for."""
    made: dict[Family, Table] = {}
    for family in TABLES:
        asked = [each for each in run.recipe.evals.values() if each.family == family]
        if asked:
            known = exam.coverages_of(asked)
            note = language_note(known) if family == "language" else label_note(exam.probe, exam.records)
            made[family] = table(run.name, family, found, note, known)
    return made
