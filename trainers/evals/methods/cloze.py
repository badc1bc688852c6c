"""Multiple choice by likelihood, after nothing or after a few examples (Brown et al. 2020, "GPT-3", section 2.4).

A file holds `{"context": "The cat", "choices": ["purrs.", "barks."], "answer": 0}`, one item a line. With the context c
and the choices a_1 .. a_n, the network chooses

    accuracy               argmax over i of   log p(a_i | prompt)
    accuracy, per byte     argmax over i of   log p(a_i | prompt) / bytes of a_i in UTF-8

as the two metrics of lm-evaluation-harness do (`acc` and `acc_norm`, which counts characters). The prompt is
`c` alone, or, with `shots: k`, k solved examples before it, the same for every item, drawn from `train_file` by the
run's seed:

    c_1 JOINT right_1 BETWEEN c_2 JOINT right_2 BETWEEN ... c JOINT a_i          JOINT is " ", BETWEEN an empty line

White space at the end of a context goes. Tokens of the choice are those by which the text with it differs from the
text without. What does not fit into the network's window is cut off at the beginning. A network that predicts hidden
tokens chooses by the pseudo-log-likelihood of the choice's tokens; see `language/likelihood.py`.

Beside it stand chance, and the commonest place of the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise, takewhile
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from headrace.shards.base.errors import InputError, RecipeError
from headrace.shards.base.progress import progress
from headrace.shards.base.rng import generator

from ..base import LanguageEvaluation
from ..coverage import EvaluationSet
from ..examination import Candidate, Examination
from ..language.items import Item, Items, read_items
from ..language.likelihood import Passage, log_likelihoods
from ..results import ACCURACY, Measured, Metric, accuracy

PER_BYTE = Metric(f"{ACCURACY.name}, per byte", "more")


@dataclass(frozen=True, kw_only=True)
class Cloze(LanguageEvaluation):
    """The likeliest of several continuations.

    Args:
        file: The items: JSONL, any fsspec URL.
        shots: How many solved examples stand before each item.
        train_file: Where these are drawn from; JSONL like `file`.
        joint: Stands between a context and what follows it.
        between: Stands between one example and the next.
    """

    file: str
    shots: Annotated[int, Field(ge=0)] = 0
    train_file: str | None = None
    joint: str = " "
    between: str = "\n\n"

    @cached_property
    def tested(self) -> Items:
        """The items."""
        return read_items(self.file)

    def check(self, exam: Examination) -> None:
        """See `Evaluation.check`: files must be items, and examples no test items."""
        super().check(exam)
        _ = self.tested
        if not self.shots:
            return
        if self.train_file is None:
            raise RecipeError(
                f"evals: cloze with shots={self.shots} needs solved examples",
                expected="`train_file`, other items than those of `file`",
                remedy="Name a file, or leave `shots` out",
            )
        known = read_items(self.train_file)
        fresh = len(set(known.items) - set(self.tested.items))
        if fresh < self.shots:
            raise InputError(
                f"{self.train_file} holds too few examples for shots={self.shots}",
                found=f"{len(known.items)} items, {fresh} of them not in {self.file}",
                remedy="Lower `shots`, or name a larger file, apart from the test",
            )

    def test_sets(self, exam: Examination) -> Sequence[EvaluationSet]:
        """See `Evaluation.test_sets`."""
        return (EvaluationSet(self.file, (self.tested.sha256,), fields=("context", "choices")),)

    def measure(self, candidate: Candidate) -> Sequence[Measured]:
        """See `LanguageEvaluation.measure`."""
        exam, items = candidate.exam, self.tested.items
        examples = self.examples(exam.recipe.model.seed)
        passages = [self.passage(exam, examples, item, choice) for item in items for choice in item.choices]
        scored = sum(len(each.tokens) - each.first for each in passages)
        with progress(f"cloze, {candidate.short}", scored) as advance:
            found = log_likelihoods(candidate.objective, exam.text, passages, exam.device, advance)
        sums = np.array([each.sum() for each in found])
        sizes = np.array([len(choice.encode()) for item in items for choice in item.choices])
        return [
            accuracy(_right(items, sums), np.arange(len(items))),
            accuracy(_right(items, sums / sizes), np.arange(len(items)), PER_BYTE),
        ]

    def beside(self, exam: Examination) -> Mapping[str, Sequence[Measured]]:
        """See `Evaluation.beside`."""
        items, alone = self.tested.items, np.arange(len(self.tested.items))
        chance = np.array([[1 / len(item.choices) for item in items]])
        answers = np.array([item.answer for item in items])
        right = (answers == np.bincount(answers).argmax())[None]
        return {
            "chance": [Measured(ACCURACY, chance, np.ones(len(items)), alone)],
            "the commonest answer": [accuracy(right, alone)],
        }

    def examples(self, seed: int) -> str:
        """The solved examples, as every prompt begins with them."""
        if not self.shots or self.train_file is None:
            return ""
        known = [item for item in read_items(self.train_file).items if item not in self.tested.items]
        drawn = generator("headrace.cloze", seed, self.shots).permutation(len(known))[: self.shots]
        return "".join(
            self._text(known[at].context, known[at].choices[known[at].answer]) + self.between for at in drawn
        )

    def passage(self, exam: Examination, examples: str, item: Item, choice: str) -> Passage:
        """The tokens of a prompt and a choice, of which those of the choice are scored."""
        whole = exam.encoded(examples + self._text(item.context, choice))
        alone = exam.encoded(examples + item.context.rstrip())
        shared = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(whole, alone, strict=False))))
        return Passage(np.array(whole, np.int64), min(shared, len(whole) - 1))

    def _text(self, context: str, choice: str) -> str:
        context = context.rstrip()
        return f"{context}{self.joint}{choice}" if context else choice


def _right(items: Sequence[Item], scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(1, N) whether the choice of the highest score is the answer; of equal ones the first counts."""
    bounds = pairwise(accumulate((len(item.choices) for item in items), initial=0))
    chosen = [int(scores[begin:end].argmax()) for begin, end in bounds]
    return np.array([[choice == item.answer for choice, item in zip(chosen, items, strict=True)]])
