"""What the evaluations of a run are made on: prepared once, for any number of networks.

    exam = Examination(run)
    exam.check()
    results = [*exam.results("trained", objective), *exam.results(UNTRAINED, run.untrained()), *exam.beside()]

A network is given in memory, so that one in training can be examined, too: it is left as it was.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from headrace.shards.base.progress import progress

from ..data import DataFacts
from ..distributed import local_device
from ..pretext.base import Objective, Pretext
from ..recipe import TrainRecipe
from ..runs import Run
from ..text_pretext import TextPretext
from .base import Evaluation, LabelEvaluation, Matrix, Rows
from .baselines import raw_input
from .coverage import Coverage, coverage
from .features import network_features
from .labels import LabelledRecords, ProbeRecipe, labelled_records
from .recalibration import calibration_rows, recalibrated
from .results import Result, accuracy


class Examination:
    """The evaluations of a run, and what they need.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self.recipe: TrainRecipe = run.recipe
        self.pretext: Pretext = run.pretext
        self.data: DataFacts = run.data
        self.device = local_device(run.recipe.model.device)

    def check(self) -> None:
        """Refuse what cannot be judged, before anything is computed.

        Raises:
            RecipeError: An evaluation does not fit the run.
            InputError: Labels or other data cannot be read.
        """
        for evaluation in self.recipe.evals.values():
            evaluation.check(self)
        if self._labelled:
            _ = self.draws

    @property
    def probe(self) -> ProbeRecipe:
        """Where labels are."""
        assert self.recipe.model.probe is not None, "check() comes first"
        return self.recipe.model.probe

    @cached_property
    def records(self) -> LabelledRecords:
        """The labelled records."""
        return labelled_records(self.probe, self.data)

    @cached_property
    def draws(self) -> list[Rows]:
        """The records to be trained on, by number, for each of the training draws."""
        return self.records.training_draws(self.probe, self.recipe.model.seed)

    @cached_property
    def raw_features(self) -> tuple[str, Matrix]:
        """A name, and the raw input of all labelled records as features."""
        return raw_input(self.data, self.pretext.network, self.records.records(), ~self.records.test)

    @cached_property
    def calibration(self) -> Rows:
        """The records on which statistics of batches are taken, a sample of those that may be trained on."""
        return calibration_rows(np.flatnonzero(~self.records.test))

    @property
    def text(self) -> TextPretext:
        """The pretext of a language model."""
        assert isinstance(self.pretext, TextPretext), "check() comes first"
        return self.pretext

    def encoded(self, text: str) -> list[int]:
        """The tokens of a text, no special ones around it."""
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return tokens

    @cached_property
    def _tokenizer(self) -> Any:
        """The tokenizer as it is for texts of others: it cuts nothing off, and takes nothing in them for special."""
        tokenizer: Any = type(self.data.tokenizer).from_str(self.data.tokenizer.to_str())
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True
        return tokenizer

    def copy_of(self, objective: Objective) -> Objective:
        """The same network anew, on the examination's device: it has no part in what the first is wrapped in."""
        copy = self.pretext.objective(self.recipe.model.backbone)
        copy.load_state_dict(objective.state_dict())
        return copy.to(self.device)

    @property
    def coverages(self) -> list[Coverage]:
        """What is known of each test set's place among the training shards."""
        return self.coverages_of(self.recipe.evals.values())

    def coverages_of(self, evaluations: Iterable[Evaluation]) -> list[Coverage]:
        """The same of the sets that some evaluations test on."""
        sets = dict.fromkeys(each for evaluation in evaluations for each in evaluation.test_sets(self))
        return [coverage(each, (self.data.manifest, *self.data.others)) for each in sets]

    def results(self, name: str, objective: Objective) -> list[Result]:
        """What all evaluations find of a network, which is left as it was.

        Args:
            name: What it is called in tables; `UNTRAINED` for that to which others are compared.
            objective: The network with its heads.
        """
        candidate = Candidate(self, name, objective)
        return [
            Result(name, spelt, evaluation.family, measured)
            for spelt, evaluation in self.recipe.evals.items()
            for measured in evaluation.judge(candidate)
        ]

    def beside(self) -> list[Result]:
        """What they find of things that are no network: raw input, chance, the commonest class."""
        found = [
            Result(name, spelt, evaluation.family, measured)
            for spelt, evaluation in self.recipe.evals.items()
            for name, all_measured in evaluation.beside(self).items()
            for measured in all_measured
        ]
        return [*found, *self._commonest()]

    @property
    def _labelled(self) -> list[Evaluation]:
        return [each for each in self.recipe.evals.values() if isinstance(each, LabelEvaluation)]

    def _commonest(self) -> list[Result]:
        """What is gained by always naming the commonest class of the training records."""
        if not self._labelled:
            return []
        labels, test = self.records.labels, self.records.test
        right = labels[test][None] == np.bincount(labels[~test]).argmax()
        return [
            Result("none", "commonest class", family, accuracy(right, self.records.groups[test]))
            for family in sorted({each.family for each in self._labelled})
        ]


class Candidate:
    """A network under examination, with what is computed of it once for all evaluations.

    Args:
        exam: The examination.
        name: What the network is called in tables.
        objective: The network with its heads.
    """

    def __init__(self, exam: Examination, name: str, objective: Objective) -> None:
        self.exam, self.name, self.objective = exam, name, objective

    @property
    def short(self) -> str:
        """The name for progress bars."""
        return self.name.partition(",")[0]

    @cached_property
    def features(self) -> Matrix:
        """(N, D) features of all labelled records, its BatchNorm calibrated on training records."""
        exam, records = self.exam, self.exam.records
        with (
            recalibrated(self.objective, exam.pretext, records, exam.calibration, exam.device),
            progress(f"features, {self.short}", len(records.labels)) as advance,
        ):
            return network_features(self.objective, exam.pretext, records.records(), exam.device, advance)
