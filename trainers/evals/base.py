"""The contract of an evaluation: one small file in `methods/`, by whose name a recipe asks for it under `evals`.

There are three families, by what they look at:

    FeatureEvaluation     labelled features, computed once for all of them
        predict(train, features) -> classes
    NetworkEvaluation     the network itself, and labelled records
        predict(candidate, train, test, advance) -> classes
    LanguageEvaluation    a language model, and data of the evaluation's own
        measure(candidate) -> what was measured of each item
        beside(exam) -> the same of what needs no network, such as chance

A plug-in is a frozen dataclass of its parameters. One called `file`, `url` or `folder`, or that ends so (`train_file`),
is a place: a path is read from the recipe's folder, or from the working directory where the command line says it.
Whatever is random is keyed by the run's seed; what an evaluation does to a network is undone, or done to a copy.

Every result stands beside that of the same network before its first step, judged in the same way, and beside what raw
input or no input at all gives. Whatever is learned or chosen is learned and chosen without the test records' labels.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.errors import RecipeError
from headrace.shards.base.progress import Advance, progress
from headrace.shards.base.registry import Registry

from ..text_pretext import TextPretext
from .results import Measured, accuracy

if TYPE_CHECKING:
    from .coverage import EvaluationSet
    from .examination import Candidate, Examination

EVALUATIONS = Registry("evaluation", "headrace.trainers.evals.methods", "headrace.evaluations")

Matrix = Any
"""(N, D) float32: a numpy array, or a scipy sparse matrix where most entries are 0."""
Labels = NDArray[np.int64]
Rows = NDArray[np.int64]
Family = Literal["features", "network", "language"]


@dataclass(frozen=True)
class Labelled:
    """Features with what is known of them.

    Args:
        features: (N, D).
        labels: (N,) class numbers.
        groups: (N,) numbers; rows of one group are never separated by a split.
    """

    features: Matrix
    labels: Labels
    groups: NDArray[np.int64]

    def rows(self, which: NDArray[Any]) -> "Labelled":
        """Some of the rows, by number or by a mask."""
        return Labelled(self.features[which], self.labels[which], self.groups[which])


@dataclass(frozen=True)
class Evaluation(ABC):
    """One way to judge networks: what all families have in common."""

    family: ClassVar[Family]

    @property
    def title(self) -> str:
        """What progress bars and errors call it: the name of its file."""
        return type(self).__module__.rpartition(".")[2]

    @abstractmethod
    def check(self, exam: "Examination") -> None:
        """Refuse what cannot be judged in this way, before anything is computed.

        Raises:
            RecipeError: The run's pretext or recipe does not fit.
            InputError: Data of the evaluation's own cannot be read.
        """

    @abstractmethod
    def judge(self, candidate: "Candidate") -> Sequence[Measured]:
        """What is found of a network, by one metric or several."""

    def beside(self, exam: "Examination") -> Mapping[str, Sequence[Measured]]:
        """What is found, by the same metrics, of things that are no network: by their names."""
        return {}

    @abstractmethod
    def test_sets(self, exam: "Examination") -> Sequence["EvaluationSet"]:
        """The sets that are tested on."""


@dataclass(frozen=True)
class LabelEvaluation(Evaluation):
    """What the two families that need labels have in common: see `FeatureEvaluation` and `NetworkEvaluation`."""

    def check(self, exam: "Examination") -> None:
        """See `Evaluation.check`: there must be labels."""
        if exam.recipe.model.probe is None:
            raise RecipeError(
                "the recipe does not say where labels are",
                expected="`probe`, beside an evaluation that learns from labels",
                remedy="Set it: `headrace eval RUN 'probe={label: {field: label}}' 'evals=[knn]'`",
            )

    def test_sets(self, exam: "Examination") -> Sequence["EvaluationSet"]:
        """See `Evaluation.test_sets`."""
        return (exam.records.tested,)


@dataclass(frozen=True)
class FeatureEvaluation(LabelEvaluation):
    """One way to find out what features are worth."""

    family: ClassVar[Family] = "features"

    @abstractmethod
    def predict(self, train: Labelled, features: Matrix) -> Labels:
        """The classes of the features (M, D), having seen the labels of `train` only; (M,)."""

    def judge(self, candidate: "Candidate") -> Sequence[Measured]:
        """See `Evaluation.judge`."""
        return self._judged(candidate.exam, candidate.name, candidate.features)

    def beside(self, exam: "Examination") -> Mapping[str, Sequence[Measured]]:
        """See `Evaluation.beside`: raw input as features."""
        name, features = exam.raw_features
        return {name: self._judged(exam, name, features)}

    def _judged(self, exam: "Examination", name: str, features: Matrix) -> Sequence[Measured]:
        records = exam.records
        known = Labelled(features, records.labels, records.groups)
        asked = known.rows(records.test)
        right = []
        with progress(f"{self.title}, {name.partition(',')[0]}", len(exam.draws)) as advance:
            for rows in exam.draws:
                right.append(self.predict(known.rows(rows), asked.features) == asked.labels)
                advance()
        return [accuracy(np.stack(right), asked.groups)]


@dataclass(frozen=True)
class NetworkEvaluation(LabelEvaluation):
    """One way to find out what a network is worth to those who go on training it."""

    family: ClassVar[Family] = "network"

    @abstractmethod
    def predict(self, candidate: "Candidate", train: Rows, test: Rows, advance: Advance) -> Labels:
        """The classes of the records `test`, having seen the labels of `train` only.

        Args:
            candidate: The network, which is to be left as it is.
            train: Numbers among the records of the examination.
            test: The same.
            advance: Is called with the share of all this that was done since.
        """

    def judge(self, candidate: "Candidate") -> Sequence[Measured]:
        """See `Evaluation.judge`."""
        records, draws = candidate.exam.records, candidate.exam.draws
        test = np.flatnonzero(records.test)
        with progress(f"{self.title}, {candidate.short}", len(draws), counted=False) as advance:
            right = [self.predict(candidate, train, test, advance) == records.labels[test] for train in draws]
        return [accuracy(np.stack(right), records.groups[test])]


@dataclass(frozen=True)
class LanguageEvaluation(Evaluation):
    """One way to find out what a language model knows."""

    family: ClassVar[Family] = "language"

    def check(self, exam: "Examination") -> None:
        """See `Evaluation.check`: the network must read text."""
        if not isinstance(exam.pretext, TextPretext):
            (name,) = exam.recipe.model.pretext
            raise RecipeError(
                f"evals: '{self.title}' is for language models",
                found=f"the pretext '{name}'",
                expected="a pretext of text whose network predicts tokens, such as causal_lm",
                remedy="Take it out of `evals`, or evaluate another run",
            )

    @abstractmethod
    def measure(self, candidate: "Candidate") -> Sequence[Measured]:
        """What is found of a language model, item by item."""

    def judge(self, candidate: "Candidate") -> Sequence[Measured]:
        """See `Evaluation.judge`."""
        return self.measure(candidate)
