"""Benchmarks that shards must not contain: their items, as they stand in plain JSONL or Parquet files."""

import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from pydantic import ConfigDict

from headrace.shards.base.errors import InputError
from headrace.shards.base.recipe import RecipePath
from headrace.shards.base.registry import did_you_mean


@dataclass(frozen=True)
class Benchmark:
    """A file of items.

    Args:
        file: JSONL (plain, .gz, .zst) or Parquet, one item a line or row.
        fields: The fields whose text is protected, each on its own: nothing is joined that does not stand together.
            `answers.text` is the field `text` of the object `answers`; of a list, each entry is protected.
        id: The field that names an item; default: its number, from 0.
        name: What the ledger calls the benchmark; default: the file's name.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    file: RecipePath
    fields: tuple[str, ...]
    id: str = ""
    name: str = ""

    @property
    def title(self) -> str:
        """What the ledger calls it."""
        return self.name or self.file.name.split(".")[0]

    def items(self) -> list["BenchmarkItem"]:
        """Every item.

        Raises:
            InputError: The file is missing, malformed or empty, lacks a named field, or names two items alike.
        """
        items: list[BenchmarkItem] = []
        places: dict[str, str] = {}
        for row, (place, record) in enumerate(self._records()):
            passages = tuple(text for name in self.fields for text in _texts(self._field(record, name, place)))
            name = str(self._field(record, self.id, place)) if self.id else str(row)
            if name in places:
                raise InputError(
                    f"the benchmark {self.file} names two items alike",
                    found=f"'{name}' in the field '{self.id}' of {places[name]} and of {place}",
                    remedy="Name a field that differs from item to item, or leave 'id' out to number them",
                )
            places[name] = place
            items.append(BenchmarkItem(name, passages))
        if not items:
            raise InputError(f"the benchmark {self.file} holds no item", expected="one item a line or row")
        return items

    def _records(self) -> Iterator[tuple[str, Any]]:
        """Each item's record, with the place to name in errors."""
        try:
            if self.file.suffix == ".parquet":
                for row, record in enumerate(pq.read_table(self.file).to_pylist()):
                    yield f"row {row}", record
                return
            with _opened(self.file) as stream:
                for number, line in enumerate(stream, 1):
                    if line.strip():
                        yield f"line {number}", self._parsed(line, number)
        except FileNotFoundError:
            raise InputError(
                f"there is no benchmark file {self.file}", remedy="Paths are read from the recipe's folder"
            ) from None
        except (OSError, EOFError, zlib.error, pa.ArrowException, zstandard.ZstdError) as error:
            raise InputError(
                f"the benchmark {self.file} cannot be read", found=str(error).strip(), expected=_EXPECTED
            ) from error

    def _parsed(self, line: bytes, number: int) -> Any:
        try:
            return json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"line {number} of the benchmark {self.file} is not JSON", found=str(error), expected=_EXPECTED
            ) from error

    def _field(self, record: Any, name: str, place: str) -> Any:
        if isinstance(record, Mapping) and name in record:
            return record[name]
        value = record
        for step in name.split("."):
            if value is None and value is not record:
                return None  # an object that is null has no fields
            if not isinstance(value, Mapping) or step not in value:
                raise InputError(
                    f"the benchmark {self.file} has no field '{name}' in {place}",
                    remedy=did_you_mean(name, _fields(record)),
                )
            value = value[step]
        return value


@dataclass(frozen=True)
class BenchmarkItem:
    """One item: its name within its benchmark, and the passages to protect."""

    name: str
    passages: tuple[str, ...]


_EXPECTED = "JSON objects, one a line (.jsonl, .gz, .zst), or Parquet"


def _fields(record: Any) -> list[str]:
    """The names of a record's fields, those of nested objects with a dot."""
    if not isinstance(record, Mapping):
        return []
    nested = (f"{name}.{inner}" for name, value in record.items() for inner in _fields(value))
    return [*record, *nested]


def _texts(value: Any) -> Iterator[str]:
    """The passages of a field: itself, or of a list each entry; nothing of an absent one."""
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif value is not None:
        # Half a surrogate pair, which JSON can hold, is no character.
        yield str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _opened(path: Path) -> io.BufferedIOBase:
    if path.suffix == ".gz":
        return gzip.open(path)
    if path.suffix == ".zst":
        reader = zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True, closefd=True)
        return io.BufferedReader(reader)
    return path.open("rb")
