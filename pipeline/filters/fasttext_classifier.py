"""A fastText classifier: Joulin et al., "Bag of Tricks for Efficient Text Classification" (arXiv 1607.01759).

The model is its user's own (`.bin`, or `.ftz` when quantised): of quality, as in Li et al. 2024 (DCLM, arXiv
2406.11794), of language, of what is unwanted. It is run by the package fasttext-predict (MIT), which only predicts, has
wheels for all Pythons that this package supports, and needs no numpy: `pip install 'headrace[fasttext]'`.

fastText sees one line of words between white space: line breaks in a text are spaces to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Protocol

import numpy as np
from pydantic import Field

from headrace.shards.base.errors import InputError, PluginError
from headrace.shards.base.recipe import RecipePath

from ..batch import Batch
from ._shares import Share
from .base import Measures, Record, Rule, RuleFilter

PREFIX = "__label__"

ALL, EVER_SO_UNLIKELY = -1, -1.0
"""As many labels as the model has, and those below a probability of 1e-5, too, which a threshold of 0 leaves out."""


class Model(Protocol):
    """What is used of fastText."""

    def predict(self, text: str, k: int, threshold: float) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """The k likeliest labels of one line that reach a threshold, and their probabilities."""


@dataclass(frozen=True)
class FasttextClassifier(RuleFilter):
    """Drops documents by the labels that a fastText model gives them.

    Args:
        model: The model file; without one, nothing is dropped.
        drop: Unwanted labels, as in the model, with or without `__label__`.
        max_probability: Probability of all unwanted labels together, at most.
        keep: Wanted labels.
        min_probability: Probability of all wanted labels together, at least, if there are any.
        characters: How much of a document is looked at, from its beginning; null for all of it.
    """

    model: RecipePath | None = None
    drop: tuple[str, ...] = ()
    max_probability: Share = 0.5
    keep: tuple[str, ...] = ()
    min_probability: Share = 0.5
    characters: Annotated[int, Field(ge=1)] | None = None

    rules = (
        Rule("unwanted_label", "unwanted", high="max_probability"),
        Rule("no_wanted_label", "wanted", low="min_probability"),
    )

    def __post_init__(self) -> None:
        """Load the model, so that what is wrong with it is told before any work is done."""
        if self.model is None:
            if self.drop or self.keep:
                raise ValueError("a 'model' that gives the labels to drop and to keep")
            return
        known = {label.removeprefix(PREFIX) for label in self._model.predict("", ALL, EVER_SO_UNLIKELY)[0]}
        unknown = sorted((self._unwanted | self._wanted) - known)
        if unknown:
            raise ValueError(f"labels of the model {self.model} ({_some(known)}), not {', '.join(unknown)}")

    def files(self) -> tuple[str, ...]:
        """The model."""
        return () if self.model is None else (str(self.model),)

    def measure(self, batch: Batch) -> Measures:
        """The probabilities of unwanted and of wanted labels; the evidence is the likeliest of all."""
        n = batch.num_rows
        values = {"unwanted": np.zeros(n), "wanted": np.full(n, 0.0 if self.keep else np.nan)}
        evidence: list[Mapping[str, Any] | None] = [None] * n
        if self.model is None:
            return Measures(values, evidence)
        for row, text in enumerate(batch.column("text").to_pylist()):
            labels, probabilities = self._model.predict(
                text[: self.characters].replace("\n", " "), ALL, EVER_SO_UNLIKELY
            )
            found = dict(zip((label.removeprefix(PREFIX) for label in labels), probabilities, strict=True))
            for name, chosen in (("unwanted", self._unwanted), ("wanted", self._wanted)):
                if chosen:
                    # fastText's sums exceed 1 by its rounding.
                    values[name][row] = min(sum(found.get(label, 0.0) for label in chosen), 1.0)
            likeliest = max(found, key=found.__getitem__, default=None)
            if likeliest is not None:
                evidence[row] = {"label": likeliest, "its_probability": round(min(found[likeliest], 1.0), 4)}
        return Measures(values, evidence)

    @cached_property
    def _unwanted(self) -> frozenset[str]:
        return frozenset(label.removeprefix(PREFIX) for label in self.drop)

    @cached_property
    def _wanted(self) -> frozenset[str]:
        return frozenset(label.removeprefix(PREFIX) for label in self.keep)

    @cached_property
    def _model(self) -> Model:
        try:
            import fasttext
        except ImportError as error:
            raise PluginError(
                "the filter 'fasttext_classifier' needs the package fasttext-predict",
                found=str(error),
                remedy="pip install 'headrace[fasttext]'",
            ) from error
        try:
            model: Model = fasttext.load_model(str(self.model))
            model.predict("", 1, 0.0)
        except (ValueError, RuntimeError, MemoryError) as error:
            raise InputError(
                f"the model {self.model} cannot be used",
                found=str(error),
                expected="a classifier that fastText has saved, .bin or .ftz",
            ) from error
        return model


def _some(labels: set[str], most: int = 20) -> str:
    """Some of the labels, for a message."""
    first = sorted(labels)[:most]
    return ", ".join(first) + (f", and {len(labels) - most} more" if len(labels) > most else "")


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text="With no model, no label is unwanted."), None),
)
"""The filter has no model of its own: its tests show it with one."""
