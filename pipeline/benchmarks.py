"""Benchmarks that shards must not contain: their items, as they stand in plain JSONL or Parquet files."""

import gzip
import io
import json
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

    def items(self) -> Iterator["BenchmarkItem"]:
        """Every item.

        Raises:
            InputError: The file is missing, malformed, or lacks a named field.
        """
        for row, record in enumerate(self._records()):
            passages = tuple(str(self._field(record, name, row)) for name in self.fields)
            yield BenchmarkItem(str(self._field(record, self.id, row)) if self.id else str(row), passages)

    def _records(self) -> Iterator[Mapping[str, Any]]:
        try:
            if self.file.suffix == ".parquet":
                yield from pq.read_table(self.file).to_pylist()
                return
            with _opened(self.file) as lines:
                for line in lines:
                    if line.strip():
                        yield json.loads(line)
        except FileNotFoundError:
            raise InputError(
                f"there is no benchmark file {self.file}", remedy="Paths are read from the recipe's folder"
            ) from None
        except (OSError, ValueError, EOFError, pa.ArrowException, zstandard.ZstdError) as error:
            raise InputError(
                f"the benchmark {self.file} cannot be read",
                found=str(error),
                expected="JSON objects, one a line (.jsonl, .gz, .zst), or Parquet",
            ) from error

    def _field(self, record: Mapping[str, Any], name: str, row: int) -> Any:
        if not isinstance(record, Mapping) or name not in record:
            known = list(record) if isinstance(record, Mapping) else []
            raise InputError(
                f"the benchmark {self.file} has no field '{name}' in item {row}", remedy=did_you_mean(name, known)
            )
        return record[name]


@dataclass(frozen=True)
class BenchmarkItem:
    """One item: its name within its benchmark, and the passages to protect."""

    name: str
    passages: tuple[str, ...]


def _opened(path: Path) -> io.TextIOBase:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8")
    if path.suffix == ".zst":
        return io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(path.open("rb")), encoding="utf-8")
    return path.open(encoding="utf-8")
