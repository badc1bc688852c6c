"""What all pretexts of text have in common: windows of tokens, the documents within one, and a document as windows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from .data import DataFacts, Record
from .pretext.base import Arrays, Pretext
from .text.vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True)
class TextPretext(Pretext):
    """A pretext whose samples are windows of tokens.

    Args:
        length: T, tokens of a window, special ones around it included.
        attention: Whether tokens attend within their `document` only, or across the whole `window`.
        views_per_document: How many windows of a document make up its features.
        vocabulary: The ids; taken from the data's tokenizer where it is not given.
    """

    length: Annotated[int, Field(ge=8)] = 128
    attention: Literal["document", "window"] = "document"
    views_per_document: Annotated[int, Field(ge=1)] = 4
    vocabulary: Vocabulary | None = None

    def bind(self, data: DataFacts) -> Self:
        """See `Pretext.bind`: takes the vocabulary of the data's tokenizer."""
        return self if self.vocabulary else replace(self, vocabulary=data.vocabulary)

    @property
    def words(self) -> Vocabulary:
        """The vocabulary."""
        assert self.vocabulary is not None, "bind() comes first"
        return self.vocabulary

    @property
    def tokens(self) -> int:
        """See `Pretext.tokens`."""
        return self.length

    @property
    def window(self) -> int:
        """Tokens of the stream in a sample: all but those of the frame."""
        return self.length - sum(map(len, self.frame))

    @property
    def network(self) -> Mapping[str, Any]:
        """See `Pretext.network`."""
        return {
            "vocab_size": self.words.size,
            "least_vocab_size": self.words.least,
            "max_position_embeddings": self.length,
            "pad_token_id": self.words.pad,
        }

    def plain_views(self, record: Record) -> list[Arrays]:
        """The first windows of a document, the last of them padded."""
        tokens = record["tokens"][: self.window * self.views_per_document]
        starts = range(0, max(1, len(tokens)), self.window)
        return [self._view(tokens[start : start + self.window]) for start in starts]

    def _view(self, tokens: NDArray[Any]) -> Arrays:
        padded = np.full(self.length, self.words.pad, np.int64)
        framed = self.framed(tokens)
        padded[: len(framed)] = framed
        return {"tokens": padded}

    def framed(self, tokens: NDArray[Any]) -> NDArray[np.int64]:
        """Tokens between the special ones that every window has."""
        before, after = ([getattr(self.words, role) for role in roles] for roles in self.frame)
        return np.concatenate((before, tokens, after)).astype(np.int64)
