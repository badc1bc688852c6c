"""Samples of one shard by row, as raw bytes, each field checked against its CRC-32C."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.counts import counted
from ..base.errors import ShardError, UsageError
from ..base.registry import did_you_mean
from .checked import read_checked
from .index import Index
from .manifest import Manifest, ShardInfo, folder_of
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
        self._source = self._store.shard(manifest.place(url, self._shard), self._shard)

    @property
    def samples(self) -> int:
        """How many samples the shard holds."""
        return self._shard.samples

    @property
    def keys(self) -> list[str]:
        """The keys of all samples, by row."""
        return self.index.keys_of(range(self.samples))

    @cached_property
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

    def read(
        self, rows: Sequence[int] | NDArray[np.int64], fields: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """Samples in the order of `rows`: field -> bytes, and "__key__" -> str.

        Args:
            rows: Rows of the shard, from 0, in any order, repeated or not.
            fields: The fields wanted; None for all. A sample that lacks one comes without it.

        Raises:
            IndexError: A row is not in the shard.
            UsageError: No sample of the shard has one of the fields.
            CorruptRowError: A sample is damaged, also when fetched again.
            ShardError: The shard or its index is missing.
        """
        index = self.index
        chosen = np.asarray(rows, np.int64)
        if chosen.size and not 0 <= int(chosen.min()) <= int(chosen.max()) < self.samples:
            raise IndexError(f"{self._shard.name} has rows 0 to {self.samples - 1}, asked for {chosen}")
        names = index.fields if fields is None else tuple(fields)
        columns = slice(None) if fields is None else [self._column(name) for name in names]
        starts = index.offsets[chosen][:, columns]
        present = starts >= 0
        contents = read_checked(
            self._source,
            self._shard.name,
            lambda content: int(chosen[present.nonzero()[0][content]]),
            starts[present].tolist(),
            index.sizes[chosen][:, columns][present].tolist(),
            index.crcs[chosen][:, columns][present].tolist(),
        )
        return _assemble(index.keys_of(chosen), names, present, contents)

    def close(self) -> None:
        """Let go of the file and the index; a later read opens them again."""
        self._source.close()
        self.__dict__.pop("index", None)

    def _column(self, name: str) -> int:
        if name not in self.index.fields:
            raise UsageError(f"{self._shard.name} has no field '{name}'", remedy=did_you_mean(name, self.index.fields))
        return self.index.fields.index(name)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "index"}


def _assemble(
    keys: list[str], names: tuple[str, ...], present: NDArray[np.bool_], contents: list[bytes]
) -> list[dict[str, Any]]:
    """Samples from their keys and from the contents of the fields that are present, row by row."""
    rest = iter(contents)
    samples = []
    for key, has in zip(keys, present.tolist(), strict=True):
        sample: dict[str, Any] = {KEY: key}
        for name, there in zip(names, has, strict=True):
            if there:
                sample[name] = next(rest)
        samples.append(sample)
    return samples
