"""Windows of tokens as a source: computed, never stored, so that packing has no state.

A shard of n tokens holds floor((n - 1) / T) windows of length T (none if n = 0). Window w is the tokens w * T to w *
T + T, T + 1 of them: inputs and targets of a language model are its first and its last T. So each window shares one
token with the next, windows cross pages and documents, but never shards, and at most T tokens at a shard's end are in
none.

A sample is

    tokens   uint16 or uint32 array of shape (T + 1,)
    ends     int64 array of shape (documents that end inside,): where documents end, exclusive, counted from the
             window's first token, in 1..T + 1, never falling; equal ends are empty documents
    __key__  str, the shard's name and the number of the window
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import UsageError
from ...format.manifest import Manifest
from ...format.packed import Empty, Packed, offsets_of
from ...format.store import Store
from ...format.token_reader import TokenShard
from ...format.token_windows import Parts, read_windows
from .columns import Columns
from .fetch import by_shard
from .open_shards import OpenShards


def window_counts(tokens: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """How many windows of length `window` (T) shards of these numbers of tokens hold: int64 array, same shape."""
    return np.maximum(tokens - 1, 0) // window


class WindowSource:
    """The windows of a set of token shards; see `fetch.Source`.

    Args:
        url: The folder of the set.
        manifest: Its manifest, of kind `tokens`.
        window: T.
        store: How the files are reached.

    Raises:
        UsageError: `window` is below 1, or no shard has as many tokens.
    """

    ragged: frozenset[str] = frozenset({"ends"})
    plain = True

    def __init__(self, url: str, manifest: Manifest, window: int, store: Store | None = None) -> None:
        if window < 1:
            raise UsageError("a window has no token", found=f"window={window}", expected="at least 1")
        tokens = manifest.shards.tokens
        self.sizes = window_counts(tokens, window)
        if tokens.any() and not self.sizes.any():
            raise UsageError(
                f"no window of {window:,} tokens fits into a shard of {url}",
                found=f"{tokens.max():,} tokens in the longest shard",
                expected="one token more than a window has, in at least one shard",
                remedy="Choose a shorter window",
            )
        self._url, self._manifest, self._window, self._store = url, manifest, window, store
        self._shards = OpenShards(self._shard)

    def ready(self, shard: int) -> None:
        """See `fetch.Source.ready`."""
        self._shards[shard].documents()

    def read(self, shard: NDArray[np.int64], row: NDArray[np.int64], empty: Empty = np.empty) -> Columns:
        """See `fetch.Source.read`."""
        width, starts = self._window + 1, row * self._window
        found = {number: (self._shards[number], starts[places], places) for number, places in by_shard(shard, row)}
        names, parts = {number: reader.name for number, (reader, _, _) in found.items()}, list(found.values())
        tokens = empty((row.size, width), parts[0][0].dtype)
        read_windows(parts, width, tokens)
        keys = [f"{names[number]}/{window}" for number, window in zip(shard.tolist(), row.tolist(), strict=True)]
        fields = {"__key__": keys, "tokens": tokens}
        return Columns(row.size, {**fields, "ends": _ends(parts, width, empty)})

    def key(self, shard: int, row: int) -> str:
        """See `fetch.Source.key`."""
        return f"{self._manifest.shards[shard].name}/{row}"

    def _shard(self, shard: int) -> TokenShard:
        return TokenShard(self._url, self._manifest, shard, self._store)


def _ends(parts: Parts, width: int, empty: Empty) -> Packed:
    """Where documents end inside of windows of `width` tokens, counted from each window's first token."""
    size = sum(starts.size for _, starts, _ in parts)
    inside: list[Any] = [None] * size
    first_token = np.empty(size, np.int64)
    for reader, starts, places in parts:
        ends = reader.documents()
        bounds = ends.searchsorted(np.concatenate((starts, starts + width)), side="right").tolist()
        first_token[places] = starts
        for place, first, last in zip(places.tolist(), bounds, bounds[starts.size :], strict=False):
            inside[place] = ends[first:last]
    counts = np.array(list(map(len, inside)), np.int64)
    offsets = offsets_of(counts, empty)
    data = empty((int(offsets[-1]),), np.dtype(np.int64))
    np.subtract(np.concatenate(inside), np.repeat(first_token, counts), out=data)
    return Packed(data, offsets)
