"""One shard of samples: where the fields of each of them lie."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.counts import counted
from ..base.errors import ShardError, UsageError
from ..base.registry import did_you_mean
from .index import Index
from .manifest import Manifest, folder_of
from .remembered import remembered
from .shard_list import ShardInfo
from .sidecar import open_index
from .store import Store

KEY = "__key__"
"""The name under which a sample carries its key, as in WebDataset."""


class ShardReader:
    """One tar of a set of samples; nothing is opened before the first read, and a fork or a pickle is harmless.

    Args:
        url: The folder (or manifest) of the set.
        manifest: Its manifest.
        shard: The shard's place in `manifest.shards`.
        store: How its files are reached; default: where they lie.

    Raises:
        UsageError: The set holds no samples (but tokens or records).
    """

    def __init__(self, url: str, manifest: Manifest, shard: int, store: Store | None = None) -> None:
        if manifest.kind != "samples":
            raise UsageError(f"{url} cannot be read sample by sample", found=manifest.kind, expected="samples")
        self._folder = folder_of(url)
        self._store = store or Store()
        self._shard: ShardInfo = manifest.shards[shard]
        self.file = self._store.shard(manifest.place(url, self._shard), self._shard)
        self._declared = tuple(manifest.fields)
        self._cells: dict[str, NDArray[np.int64]] = {}

    @property
    def name(self) -> str:
        """The shard's name."""
        return self._shard.name

    @property
    def samples(self) -> int:
        """How many samples the shard holds."""
        return self._shard.samples

    @property
    def keys(self) -> list[str]:
        """The keys of all samples, by row."""
        return self.index.keys_of(range(self.samples))

    @remembered
    def index(self) -> Index:
        """The shard's index.

        Raises:
            ShardError: It is missing, or not the one of the manifest.
        """
        index = open_index(self._folder, self._shard, self._store)
        if index.samples != self.samples:
            raise ShardError(
                f"the index of {self._shard.name} disagrees with the manifest",
                found=counted(index.samples, "sample"),
                expected=f"{self.samples:,}",
            )
        return index

    def require(self, fields: Iterable[str]) -> None:
        """See to it that at least one sample of the shard has each of some fields, or the manifest knows of it.

        Raises:
            UsageError: Neither is so.
            ShardError: The index is missing, or not the one of the manifest.
        """
        for field in fields:
            if field not in self.index.fields and field not in self._declared:
                known = list(dict.fromkeys((*self.index.fields, *self._declared)))
                raise UsageError(f"{self.name} has no field '{field}'", remedy=did_you_mean(field, known))

    def cells(self, field: str) -> NDArray[np.int64]:
        """Where a field lies in each sample: int64 (3, samples), first byte, bytes and CRC-32C; -1 where it lacks.

        Raises:
            ShardError: The index is missing, or not the one of the manifest.
        """
        if field not in self._cells:
            index = self.index
            if field in index.fields:
                column = index.fields.index(field)
                tables = (index.offsets[:, column], index.sizes[:, column], index.crcs[:, column])
                self._cells[field] = np.stack(tables, dtype=np.int64)
            else:
                self._cells[field] = np.full((3, self.samples), -1)
        return self._cells[field]

    def close(self) -> None:
        """Let go of the file and the index; a later read opens them again."""
        self.file.close()
        self._cells.clear()
        self.__dict__.pop("index", None)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "index"} | {"_cells": {}}
