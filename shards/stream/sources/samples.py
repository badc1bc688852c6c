"""Shards of samples as a source: fields read by the index, held against their checksums, and decoded."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import CorruptSampleError
from ...format.manifest import Manifest
from ...format.packed import Empty, Packed
from ...format.reader import KEY, ShardReader
from ...format.selection import Selection
from ...format.spent import spent
from ...format.store import Store
from .codecs import Codec, Codecs, codec_of
from .columns import Columns
from .fetch import by_shard
from .open_shards import OpenShards
from .replacement import DamagedRowsError


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
        codecs: Codecs,
        store: Store | None = None,
    ) -> None:
        self.sizes = manifest.shards.samples
        self._url, self._manifest, self._store = url, manifest, store
        self._fields = None if fields is None else tuple(fields)
        self._codecs = codecs
        # What fields there are is known when they are read.
        self.plain = not any(codecs.values() if fields is None else (codec_of(name, codecs) for name in fields))
        self._readers = OpenShards(self._reader)

    def ready(self, shard: int) -> None:
        """See `fetch.Source.ready`."""
        reader = self._readers[shard]
        reader.require(self._fields or reader.index.fields)

    def read(self, shard: NDArray[np.int64], row: NDArray[np.int64], empty: Empty = np.empty) -> Columns:
        """See `fetch.Source.read`."""
        selection = Selection([(self._readers[number], row[places], places) for number, places in by_shard(shard, row)])
        for reader in selection.readers:
            reader.require(self._fields or ())
        names = self._fields or selection.fields()
        codecs = {name: codec_of(name, self._codecs) for name in names}
        # Bytes that are decoded are not delivered, and are no concern of whoever allocates what is.
        found = selection.read(names, np.empty if any(codecs.values()) else empty)
        fields: dict[str, Any] = {KEY: selection.sample_keys()}
        for name, codec in codecs.items():
            packed, lacking = found.contents[name], found.absent.get(name)
            fields[name] = packed if codec is None else self._decoded(codec, name, packed, lacking, shard, row)
        return Columns(row.size, fields, found.absent)

    def key(self, shard: int, row: int) -> str:
        """See `fetch.Source.key`."""
        return self._readers[shard].index.key(row)

    def _reader(self, shard: int) -> ShardReader:
        return ShardReader(self._url, self._manifest, shard, self._store)

    def _decoded(
        self,
        codec: Codec,
        field: str,
        found: Packed,
        lacking: NDArray[np.bool_] | None,
        shard: NDArray[np.int64],
        row: NDArray[np.int64],
    ) -> list[Any]:
        values: list[Any] = [None] * row.size
        damaged: dict[int, CorruptSampleError] = {}
        with spent("decode"):
            for number in range(row.size) if lacking is None else (~lacking).nonzero()[0].tolist():
                data = found.value(number).tobytes()
                try:
                    values[number] = codec(data)
                except (ImportError, MemoryError):
                    raise  # the machine's fault, not the sample's
                # A codec may raise anything at all over broken bytes.
                except Exception as error:
                    place = int(shard[number]), int(row[number])
                    damaged[number] = self._undecodable(field, len(data), error, *place)
        if damaged:
            raise DamagedRowsError(damaged)
        return values

    def _undecodable(self, field: str, size: int, error: Exception, shard: int, row: int) -> CorruptSampleError:
        return CorruptSampleError(
            f"the field '{field}' of the sample '{self.key(shard, row)}' cannot be decoded "
            f"(row {row} of {self._manifest.shards[shard].name})",
            found=f"{size:,} bytes; {type(error).__name__}: {error}",
            expected=f"what the extension '{field}' says",
            remedy="Leave the field out with `fields=`, or give a codec for it with `codecs=`",
        )
