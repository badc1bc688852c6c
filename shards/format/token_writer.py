"""Writes one token shard (its layout: `pages`), document by document."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.errors import ShardError
from .pages import PAGE_TOKENS, meta_line, pack, page_key, token_dtype
from .shard_list import ShardInfo
from .writer import ShardWriter


class TokenShardWriter:
    """Writes the documents of one shard in the order in which they are added; a context manager like `ShardWriter`.

    Args:
        folder: The folder (path or fsspec URL) of the set.
        name: The tar's name relative to it.
        vocabulary: How many tokens the tokenizer knows; decides their type.
        page_tokens: Tokens per page.
    """

    info: ShardInfo
    """The manifest's entry; there once the block has ended."""

    def __init__(self, folder: str | Path, name: str, vocabulary: int, page_tokens: int = PAGE_TOKENS) -> None:
        self._shard = ShardWriter(folder, name)
        self._vocabulary = vocabulary
        self._page = np.empty(page_tokens, token_dtype(vocabulary))
        self._filled = 0
        self._ends: list[int] = []
        self._metas: list[bytes] = []
        self._pages = 0
        self._documents = 0
        self._tokens = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._shard)
        self._stack.push(self._seal)
        return self

    def add(self, tokens: ArrayLike, meta: Mapping[str, Any] | None = None) -> None:
        """Append one document.

        Args:
            tokens: Its token ids, one row of integers; may be empty.
            meta: What is to be known of it, as JSON.

        Raises:
            ShardError: A token is not in the vocabulary, or the metadata is no JSON.
        """
        row = np.asarray(tokens)
        self._check(row)
        line = meta_line(meta or {})
        rest = row
        while rest.size:
            if self._filled == self._page.size:
                self._flush()
            step = min(rest.size, self._page.size - self._filled)
            self._page[self._filled : self._filled + step] = rest[:step]
            self._filled += step
            rest = rest[step:]
        self._ends.append(self._filled)
        self._metas.append(line)
        self._documents += 1
        self._tokens += row.size

    def _check(self, row: NDArray[Any]) -> None:
        if not row.size:
            return
        if row.ndim != 1 or row.dtype.kind not in "iu":
            raise ShardError("a document is not a row of token ids", found=f"{row.dtype} {row.shape}")
        low, high = int(row.min()), int(row.max())
        if low < 0 or high >= self._vocabulary:
            raise ShardError(
                "a document has a token that the tokenizer does not know",
                found=str(low if low < 0 else high),
                expected=f"0 to {self._vocabulary - 1}",
                remedy="Write the shards with the tokenizer that made the tokens",
            )

    def _flush(self) -> None:
        page = pack(self._page[: self._filled], np.array(self._ends, np.int64), self._metas)
        self._shard.add(page_key(self._pages), page)
        self._pages += 1
        self._filled, self._ends, self._metas = 0, [], []

    def _seal(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Write the last page, unless the block failed; runs before the tar is ended."""
        if error is None and self._ends:
            self._flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
        if error is None:
            self.info = replace(self._shard.info, samples=self._documents, tokens=self._tokens)
