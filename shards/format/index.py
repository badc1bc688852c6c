"""The sidecar of a tar: where each field of each sample lies, how long it is, and its CRC-32C.

`shard-00000.tar` has `shard-00000.index.npz` beside it, an uncompressed NPZ that `numpy.load` opens too:

    fields      unicode [fields]          names of the fields
    offsets     int64   [samples, fields] byte of the tar at which a field's content begins; -1: the sample lacks it
    sizes       int64   [samples, fields] bytes; -1: the sample lacks it
    crcs        uint32  [samples, fields] CRC-32C of the content; 0 where absent
    key_ends    int64   [samples]         where each key ends in `keys`; it begins where the one before ends
    keys        uint8   [bytes]           the keys in UTF-8, one after the other

Its bytes depend on the tar alone.
"""

import io
import zipfile
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import ShardError
from . import npy
from .tar import Member

SUFFIX = ".index.npz"
Numbers = Sequence[int] | NDArray[np.int64]
_SHAPES = {"offsets": np.int64, "sizes": np.int64, "crcs": np.uint32, "key_ends": np.int64, "keys": np.uint8}


def index_name(shard: str) -> str:
    """The name of a tar's index: the same, with `.index.npz` for `.tar`."""
    return shard.removesuffix(".tar") + SUFFIX


@dataclass(frozen=True, eq=False)
class Index:
    """Where the fields of a tar's samples lie; the arrays are described at the top of this module."""

    fields: tuple[str, ...]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    crcs: NDArray[np.uint32]
    key_ends: NDArray[np.int64]
    keys: NDArray[np.uint8]

    @property
    def samples(self) -> int:
        """How many samples the tar holds."""
        return len(self.key_ends)

    def key(self, row: int) -> str:
        """The key of one sample."""
        return self.keys_of([row])[0]

    def keys_of(self, rows: Sequence[int] | NDArray[np.int64]) -> list[str]:
        """The keys of the samples `rows`, in that order."""
        chosen = np.asarray(rows, np.int64)
        ends = self.key_ends[chosen]
        # Row 0 would look at the last end; its begin is set right after.
        begins = np.where(chosen == 0, 0, self.key_ends[chosen - 1])
        text = self._key_bytes
        pairs = zip(begins.tolist(), ends.tolist(), strict=True)
        return [text[begin:end].decode("utf-8", "surrogateescape") for begin, end in pairs]

    @cached_property
    def key_table(self) -> NDArray[np.bytes_] | None:
        """All keys as byte strings with a zero behind each; None where they differ in length, or are not ASCII."""
        width = int(self.key_ends[0]) if self.samples else 0
        even = width > 0 and bool((np.diff(self.key_ends) == width).all())
        plain = even and int(self.keys.min()) > 0 and int(self.keys.max()) < 128
        return np.frombuffer(self.keys, f"S{width}").astype(f"S{width + 1}") if plain else None

    @cached_property
    def _key_bytes(self) -> bytes:
        return self.keys.tobytes()

    def dump(self) -> bytes:
        """The sidecar file."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_entry("fields"), npy.dump(np.array(self.fields, np.str_)))
            for name in _SHAPES:
                archive.writestr(_entry(name), npy.dump(getattr(self, name)))
        return stream.getvalue()

    @classmethod
    def load(cls, data: bytes, what: str) -> "Index":
        """An index from its file; the arrays are views of `data`.

        Args:
            data: The sidecar file.
            what: The file's name, for errors.

        Raises:
            ShardError: It is no index, or its parts contradict each other.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                arrays = {name: _stored(archive, name, what) for name in ("fields", *_SHAPES)}
        except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError, RuntimeError) as error:
            raise _broken(what, str(error)) from error
        names = arrays.pop("fields")
        index = cls(tuple(names.tolist()) if names.dtype.kind == "U" else (), **arrays)
        index._check(what)
        return index

    def _check(self, what: str) -> None:
        table = (self.samples, len(self.fields))
        for name, dtype in _SHAPES.items():
            found = getattr(self, name)
            shape = table if found.ndim == 2 else (found.size,)
            if found.dtype != dtype or found.shape != shape or found.ndim != (1 if "key" in name else 2):
                raise _broken(what, f"{name} of {found.dtype} {found.shape}")
        ends = np.concatenate(([0], self.key_ends, [self.keys.size]))
        if (np.diff(ends) < 0).any() or ends[-2] != ends[-1]:
            raise _broken(what, "ends of keys that are not in order")
        absent = self.offsets < 0
        if ((self.offsets < -1) | (self.sizes < -1) | (absent != (self.sizes < 0))).any():
            raise _broken(what, "negative offsets or sizes")


class IndexBuilder:
    """Gathers an index sample by sample; fields appear in the order in which they are first met."""

    def __init__(self) -> None:
        self._columns: dict[str, int] = {}
        self._row, self._column = array("q"), array("q")
        self._offset, self._size, self._crc = array("q"), array("q"), array("q")
        self._key_ends, self._keys = array("q"), bytearray()

    @property
    def samples(self) -> int:
        """How many samples were added."""
        return len(self._key_ends)

    def add(self, key: str, members: Mapping[str, Member]) -> None:
        """Append a sample with its fields."""
        row = len(self._key_ends)
        for field, member in members.items():
            self._row.append(row)
            self._column.append(self._columns.setdefault(field, len(self._columns)))
            self._offset.append(member.offset)
            self._size.append(member.size)
            self._crc.append(member.crc32c)
        self._keys += key.encode("utf-8", "surrogateescape")
        self._key_ends.append(len(self._keys))

    def build(self) -> Index:
        """The index of everything added."""
        return tabulate(
            tuple(self._columns),
            (self._row, self._column),
            (self._offset, self._size, self._crc),
            (self._key_ends, bytes(self._keys)),
        )


def tabulate(
    fields: tuple[str, ...],
    cells: tuple[Numbers, Numbers],
    values: tuple[Numbers, Numbers, Numbers],
    keys: tuple[Numbers, bytes],
) -> Index:
    """An index from a list of its cells that are not empty.

    Args:
        fields: Names of the columns.
        cells: Rows and columns.
        values: Offset, size and CRC-32C of each cell.
        keys: Ends of the keys, one for each row, and the keys one after the other.
    """
    where = (np.array(cells[0], np.int64), np.array(cells[1], np.int64))
    shape = len(keys[0]), len(fields)

    def table(numbers: Numbers, absent: int, dtype: type[Any]) -> NDArray[Any]:
        full = np.full(shape, absent, dtype)
        full[where] = np.array(numbers, np.int64)
        return full

    return Index(
        fields=fields,
        offsets=table(values[0], -1, np.int64),
        sizes=table(values[1], -1, np.int64),
        crcs=table(values[2], 0, np.uint32),
        key_ends=np.array(keys[0], np.int64),
        keys=np.frombuffer(keys[1], np.uint8),
    )


def _entry(name: str) -> zipfile.ZipInfo:
    """An archive entry without the clock or the machine in it."""
    entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry


def _stored(archive: zipfile.ZipFile, name: str, what: str) -> NDArray[Any]:
    entry = archive.getinfo(f"{name}.npy")
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
        raise _broken(what, "compressed arrays, which could expand without bound")
    return npy.load(archive.read(entry), f"{what}, {name}")


def _broken(what: str, found: str) -> ShardError:
    return ShardError(
        f"{what} is not the index of a tar",
        found=found,
        expected="the arrays that headrace writes beside a tar",
        remedy="Run `headrace verify` on the folder; the index can be made again from the tar",
    )
