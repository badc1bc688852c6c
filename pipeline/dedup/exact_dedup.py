"""Exact dedup: of records whose payload is equal, byte for byte or once normalised, one stays."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from headrace.shards.base.errors import RecipeError

from ..kernels.normalized import normalized
from ..population import Population
from ..records import contents
from ._equal_keys import Keys, equal_key_steps
from ._preference import PreferringDedup
from .base import Steps

Normalization = Literal["case", "whitespace", "punctuation", "unicode"]


@dataclass(frozen=True)
class ExactDedup(PreferringDedup):
    """Drops every record whose payload equals that of another one, which stays.

    Args:
        normalize: What is made equal in texts before they are compared. `unicode`: the compatibility form NFKC, so
            that full-width letters, ligatures and composed accents are what they stand for; `case`: lower case;
            `punctuation`: whatever is neither letter, digit, mark nor white space is left out; `whitespace`: a run of
            it is one space, and none at both ends. A text of which nothing remains is compared as it is. The shards
            hold the texts as they were.
        keep: Which one stays; see `Preference`.
        by: What `keep` looks at.
    """

    reads = ""

    normalize: tuple[Normalization, ...] = ()

    def steps(self, label: str, population: Population) -> Steps:
        """Digest each payload, bring equal digests together, keep one of each.

        Raises:
            RecipeError: Something other than texts is to be normalised, or the preference names what is not there.
        """
        if not self.normalize:
            return equal_key_steps(label, population, PayloadKeys(population.payload), self.preference)
        if population.payload != "text":
            raise RecipeError(
                f"{label}: only texts can be normalised",
                found=f"records with '{population.payload}'",
                remedy="Leave 'normalize' out",
            )
        return equal_key_steps(label, population, NormalizedKeys(tuple(sorted(set(self.normalize)))), self.preference)


@dataclass(frozen=True)
class PayloadKeys(Keys):
    """The payload as it is."""

    payload: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The payload."""
        return (self.payload,)

    def of(self, batch: pa.RecordBatch) -> Iterator[memoryview | None]:
        """Its bytes; None for none."""
        return _or_none(batch.column(self.payload))


@dataclass(frozen=True)
class NormalizedKeys(Keys):
    """The text once normalised; as it is, where nothing remains."""

    normalize: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The text."""
        return ("text",)

    def of(self, batch: pa.RecordBatch) -> Iterator[bytes | memoryview | None]:
        """Bytes of the normalised text."""
        texts = batch.column("text")
        made = normalized(
            _composed(texts) if "unicode" in self.normalize else texts,
            case="case" in self.normalize,
            punctuation="punctuation" in self.normalize,
            whitespace="whitespace" in self.normalize,
        )
        for row, text in enumerate(_or_none(texts)):
            key = made.document(row)
            yield key if len(key) else text


def _or_none(values: pa.Array) -> Iterator[memoryview | None]:
    """The bytes of each value; None for a null."""
    known = values.is_valid().to_pylist()
    return (content if valid else None for content, valid in zip(contents(values), known, strict=True))


def _composed(texts: pa.Array) -> pa.Array:
    """Texts in NFKC; those of ASCII alone are that already."""
    plain = pc.string_is_ascii(texts)
    if pc.all(plain).as_py() is not False:
        return texts
    others = pc.utf8_normalize(texts.filter(pc.invert(plain)), form="NFKC")
    return pc.replace_with_mask(texts, pc.fill_null(pc.invert(plain), False), others)
