"""Shards of samples as a source: fields read by the index, held against their checksums, and decoded."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..base.errors import CorruptSampleError
from ..format.manifest import Manifest
from ..format.reader import KEY, ShardReader
from ..format.spent import spent
from ..format.store import Store
from .codecs import Codec, decode
from .fetch import Sample
from .open_shards import OpenShards


class SampleSource:
    """The samples of a set of WebDataset tars; see `fetch.Source`.

    Args:
        url: The folder of the set.
        manifest: Its manifest, of kind `samples`.
        fields: The fields wanted; None for all.
        codecs: How fields are decoded, by extension.
        store: How the files are reached.
    """

    ragged: frozenset[str] = frozenset()

    def __init__(
        self,
        url: str,
        manifest: Manifest,
        fields: Sequence[str] | None,
        codecs: Mapping[str, Codec],
        store: Store | None = None,
    ) -> None:
        self.sizes = np.array([shard.samples for shard in manifest.shards], dtype=np.int64)
        self._url, self._manifest, self._store = url, manifest, store
        self._fields = None if fields is None else tuple(fields)
        self._codecs = codecs
        self._readers = OpenShards(self._reader)

    def read(self, shard: int, rows: NDArray[np.int64]) -> list[Sample]:
        """See `fetch.Source.read`."""
        samples = self._readers[shard].read(rows, self._fields)
        if self._codecs:
            with spent("decode"):
                for sample, row in zip(samples, rows.tolist(), strict=True):
                    for field, data in sample.items():
                        if field != KEY:
                            sample[field] = self._decode(field, data, sample[KEY], shard, row)
        return samples

    def key(self, shard: int, row: int) -> str:
        """See `fetch.Source.key`."""
        return self._readers[shard].index.key(row)

    def _reader(self, shard: int) -> ShardReader:
        return ShardReader(self._url, self._manifest, shard, self._store)

    def _decode(self, field: str, data: bytes, key: str, shard: int, row: int) -> object:
        try:
            return decode(field, data, self._codecs)
        except (ImportError, MemoryError):
            raise  # the machine's fault, not the sample's
        # A codec may raise anything at all over broken bytes.
        except Exception as error:
            raise CorruptSampleError(
                f"the field '{field}' of the sample '{key}' cannot be decoded "
                f"(row {row} of {self._manifest.shards[shard].name})",
                found=f"{len(data):,} bytes; {type(error).__name__}: {error}",
                expected=f"what the extension '{field}' says",
                remedy="Leave the field out with `fields=`, or give a codec for it with `codecs=`",
            ) from error
