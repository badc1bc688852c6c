"""Documents of token shards as a source: each is one sample, however long.

A sample is

    tokens   uint16 or uint32 array of shape (n,), n >= 0: the document as the tokenizer gave it
    meta     what is known of it, a dictionary; only when it is among the fields that are asked for
    __key__  str, the shard's name and the number of the document, from 0
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import UsageError
from ...base.registry import did_you_mean
from ...format.manifest import Manifest
from ...format.packed import Empty
from ...format.store import Store
from ...format.token_reader import TokenShard
from .columns import Columns
from .fetch import by_shard
from .open_shards import OpenShards

FIELDS = ("tokens", "meta")


class DocumentSource:
    """The documents of a set of token shards; see `fetch.Source`.

    Args:
        url: The folder of the set.
        manifest: Its manifest, of kind `tokens`.
        fields: `tokens`, `meta` or both; None for the tokens alone.
        store: How the files are reached.

    Raises:
        UsageError: There is no such field.
    """

    ragged: frozenset[str] = frozenset(FIELDS)
    plain = False

    def __init__(self, url: str, manifest: Manifest, fields: Sequence[str] | None, store: Store | None = None) -> None:
        self.sizes = manifest.shards.samples
        self._fields = ("tokens",) if fields is None else tuple(fields)
        for name in self._fields:
            if name not in FIELDS:
                raise UsageError(f"a document has no field '{name}'", remedy=did_you_mean(name, FIELDS))
        self._url, self._manifest, self._store = url, manifest, store
        self._shards = OpenShards(self._shard)

    def ready(self, shard: int) -> None:
        """See `fetch.Source.ready`."""
        self._shards[shard].documents()

    def read(self, shard: NDArray[np.int64], row: NDArray[np.int64], empty: Empty = np.empty) -> Columns:
        """See `fetch.Source.read`."""
        fields: dict[str, list[Any]] = {name: [None] * row.size for name in ("__key__", *self._fields)}
        for number, places in by_shard(shard, row):
            reader = self._shards[number]
            for place, document in zip(places.tolist(), row[places].tolist(), strict=True):
                fields["__key__"][place] = f"{reader.name}/{document}"
                if "tokens" in self._fields:
                    # A copy, since what is read is read-only and a transform may want to write.
                    fields["tokens"][place] = reader.document(document).copy()
                if "meta" in self._fields:
                    fields["meta"][place] = reader.meta(document)
        return Columns(row.size, fields)

    def key(self, shard: int, row: int) -> str:
        """See `fetch.Source.key`."""
        return f"{self._manifest.shards[shard].name}/{row}"

    def _shard(self, shard: int) -> TokenShard:
        return TokenShard(self._url, self._manifest, shard, self._store)
