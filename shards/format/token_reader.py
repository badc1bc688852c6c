"""Reads one token shard (its layout: `pages`): stretches of its row of tokens, its documents, their metadata."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.counts import counted
from ..base.errors import CorruptSampleError, ShardError, UsageError
from . import npy
from .checked import read_checked
from .manifest import Manifest, folder_of
from .pages import ENDS, FIELDS, META, TOKENS, Tokens, page_key, unpack_ends, unpack_meta
from .remembered import remembered
from .sidecar import open_index
from .store import Store
from .token_pieces import PageTable, pieces_of

_CACHES = ("pages", "_page_ends", "_documents_before", "_ends")


class TokenShard:
    """One shard of a set of tokens; nothing is opened before the first read, and a fork or a pickle is harmless.

    Stretches of tokens are read as they are, since a checksum would need the whole page (`headrace verify` checks
    them); ends and metadata are held against their checksums.

    Args:
        url: The folder (or manifest) of the set.
        manifest: Its manifest.
        shard: The shard's place in `manifest.shards`.
        store: How its files are reached; default: where they lie.

    Raises:
        UsageError: The set holds no tokens.
    """

    def __init__(self, url: str, manifest: Manifest, shard: int, store: Store | None = None) -> None:
        if manifest.tokenizer is None:
            raise UsageError(f"{url} cannot be read as tokens", found=manifest.kind, expected="tokens")
        self._folder = folder_of(url)
        self._store = store or Store()
        self._shard = manifest.shards[shard]
        self.file = self._store.shard(manifest.place(url, self._shard), self._shard)
        self.dtype: np.dtype[Any] = np.dtype(manifest.tokenizer.dtype)
        self._last_meta: tuple[int, list[dict[str, Any]]] = (-1, [])

    @property
    def name(self) -> str:
        """The shard's name."""
        return self._shard.name

    @property
    def length(self) -> int:
        """Tokens in the shard."""
        return self._shard.tokens or 0

    @property
    def samples(self) -> int:
        """Documents in the shard."""
        return self._shard.samples

    def windows(self, starts: Sequence[int] | NDArray[np.int64], length: int) -> Tokens:
        """Stretches of the row of tokens, which may cross pages; only their bytes are read.

        Args:
            starts: First token of each stretch, counted from the shard's first.
            length: Tokens of each.

        Returns:
            Read-only uint16 or uint32 [len(starts), length].

        Raises:
            IndexError: A stretch leaves the shard.
            CorruptSampleError: The shard is cut off before a stretch ends.
            ShardError: The shard or its index is missing, or not what the manifest says.
        """
        begins = np.asarray(starts, np.int64)
        if length < 0 or (begins.size and not 0 <= int(begins.min()) <= int(begins.max()) <= self.length - length):
            raise IndexError(f"{self.name} has {self.length} tokens, asked for {length} from {begins}")
        pieces = pieces_of([self.pages], np.zeros_like(begins), begins, length, self.dtype.itemsize)
        data = b"".join(self.file.read(pieces.start.tolist(), pieces.size.tolist()))
        expected = begins.size * length * self.dtype.itemsize
        if len(data) != expected:
            raise cut_off(self.name, expected - len(data))
        return np.frombuffer(data, self.dtype).reshape(begins.size, length)

    def tokens(self, start: int, stop: int) -> Tokens:
        """The tokens from `start` to `stop` (exclusive), read-only; see `windows`."""
        stretch: Tokens = self.windows([start], stop - start)[0]
        return stretch

    def documents(self) -> NDArray[np.int64]:
        """Where each document ends, counted from the shard's first token: int64 [samples], never falling."""
        return self._ends

    def document(self, row: int) -> Tokens:
        """The tokens of one document, by its number from 0."""
        return self.tokens(int(self._ends[row - 1]) if row else 0, int(self._ends[row]))

    def meta(self, row: int) -> dict[str, Any]:
        """The metadata of one document, by its number from 0."""
        page = int(np.searchsorted(self._documents_before, row, side="right")) - 1
        if self._last_meta[0] != page:
            (data,) = self._read_field([page], META)
            self._last_meta = (page, unpack_meta(data))
        return self._last_meta[1][row - int(self._documents_before[page])]

    def close(self) -> None:
        """Let go of the file and of what was read of it; a later read opens it again."""
        self.file.close()
        for name in _CACHES:
            self.__dict__.pop(name, None)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in _CACHES}

    @remembered
    def pages(self) -> PageTable:
        """Where the pages lie.

        Raises:
            ShardError: The index is missing, or not what the manifest says.
        """
        index = open_index(self._folder, self._shard, self._store)
        known = set(index.fields) == set(FIELDS)
        column = index.fields.index(TOKENS) if known else 0
        payloads = index.sizes[:, column] if known else np.empty(0, np.int64)
        lengths = (payloads - npy.HEADER) // self.dtype.itemsize
        uneven = (lengths[:-1] != lengths[:1]).any() or (lengths[-1:] > lengths[:1]).any() or (lengths < 0).any()
        if (index.samples and not known) or uneven or lengths.sum() != self.length:
            raise ShardError(
                f"the index of {self.name} is not that of a token shard",
                found=f"fields {', '.join(index.fields)}; {lengths.sum():,} tokens in {counted(index.samples, 'page')}",
                expected=f"fields {', '.join(FIELDS)}; {self.length:,} tokens in pages of one length",
            )
        offsets = index.offsets[:, column] if known else payloads
        return PageTable(index, offsets + npy.HEADER, np.concatenate(([0], np.cumsum(lengths))))

    @remembered
    def _page_ends(self) -> list[NDArray[np.int64]]:
        """Per page, the ends of its documents, counted from its first token."""
        numbers = list(range(self.pages.index.samples))
        lengths = np.diff(self.pages.first).tolist()
        contents = self._read_field(numbers, ENDS)
        names = [f"{page_key(number)}.{ENDS} of {self.name}" for number in numbers]
        return [unpack_ends(data, length, name) for data, length, name in zip(contents, lengths, names, strict=True)]

    @remembered
    def _documents_before(self) -> NDArray[np.int64]:
        """int64 [pages + 1]: how many documents end before a page; at last, their number."""
        before = np.concatenate(([0], np.cumsum([ends.size for ends in self._page_ends], dtype=np.int64)))
        if before[-1] != self.samples:
            raise ShardError(
                f"the pages of {self.name} disagree with the manifest",
                found=counted(int(before[-1]), "document"),
                expected=f"{self.samples:,}",
            )
        return before

    @remembered
    def _ends(self) -> NDArray[np.int64]:
        shifts = np.repeat(self.pages.first[:-1], np.diff(self._documents_before))
        return np.concatenate([np.empty(0, np.int64), *self._page_ends]) + shifts

    def _read_field(self, pages: list[int], field: str) -> list[bytes]:
        if not pages:
            return []
        index = self.pages.index
        column = index.fields.index(field)
        return read_checked(
            self.file,
            self._shard.name,
            pages.__getitem__,
            index.offsets[pages, column].tolist(),
            index.sizes[pages, column].tolist(),
            index.crcs[pages, column].tolist(),
        )


def cut_off(shard: str, missing: int) -> CorruptSampleError:
    """The error for a shard that ends too early by so many bytes, found in what was asked for."""
    return CorruptSampleError(
        f"{shard} is cut off",
        found=f"{missing:,} bytes less than its index says",
        remedy="Copy or build the shard again",
    )
