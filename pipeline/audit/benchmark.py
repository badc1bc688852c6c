"""A benchmark's items, and what of them must not be found."""

import gzip
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from headrace.shards.base.errors import InputError

from .words import characters, is_unspaced

Gram = tuple[str, ...]


@dataclass(frozen=True)
class Terms:
    """What counts as found.

    Args:
        n: Words (or tokens) in an n-gram; twice as many in a passage of a script without spaces.
        min_words: The shortest passage that is looked for whole, doubled likewise.
        min_characters: What has fewer letters and digits is not looked for.
        excluded: N-grams, joined by spaces, that are counted apart.
        common: As `excluded`, but in copies.
        copy_share: A document that holds at least this share of an item holds a copy of it; None: none does.
        tokens: Makes tokens of a word, where n-grams are of tokens.
    """

    n: int = 13
    min_words: int = 8
    min_characters: int = 20
    excluded: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()
    copy_share: float | None = None
    tokens: Callable[[str], Sequence[str]] | None = None

    def units(self, words: Sequence[str]) -> list[str]:
        """Words, or their tokens."""
        return list(words) if self.tokens is None else [token for word in words for token in self.tokens(word)]


@dataclass
class Sought:
    """What of a benchmark is looked for.

    Args:
        items: How many items it has.
        grams: By length, each n-gram with the items that have it.
        passages: Of each item the words (or tokens) of its passages, with the length of their n-grams.
        whole: Items of which only whole passages are looked for.
        unprotected: Items of which nothing is.
    """

    items: int = 0
    grams: dict[int, dict[Gram, set[str]]] = field(default_factory=dict)
    passages: dict[str, list[tuple[Gram, int]]] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)
    unprotected: list[str] = field(default_factory=list)


def sought(items: Iterator[tuple[str, list[str]]], terms: Terms, words_of: Callable[[str], list[str]]) -> Sought:
    """Cut the items' passages into n-grams."""
    result, excepted = Sought(), terms.excluded | terms.common
    for name, passages in items:
        result.items += 1
        kinds = Counter[bool]()
        for passage in passages:
            words = words_of(passage)
            factor = 2 if terms.tokens is None and 2 * sum(map(is_unspaced, words)) > len(words) else 1
            units, wanted = terms.units(words), terms.n * factor
            shortest = terms.min_words * (2 if 2 * sum(map(is_unspaced, words)) > len(words) else 1)
            length = wanted if len(units) >= wanted else len(units) if len(words) >= shortest else 0
            result.passages.setdefault(name, []).append((tuple(units), length))
            for start in range(len(units) - length + 1 if length else 0):
                gram = tuple(units[start : start + length])
                if terms.tokens is None and characters(gram) < terms.min_characters:
                    continue
                result.grams.setdefault(length, {}).setdefault(gram, set()).add(name)
                kinds[length == wanted] += " ".join(gram) not in excepted
        if not kinds.total():
            result.unprotected.append(name)
        elif not kinds[True]:
            result.whole.append(name)
    return result


def read_items(path: Path, fields: Sequence[str], id_field: str) -> Iterator[tuple[str, list[str]]]:
    """Each item's name and passages.

    Args:
        path: JSONL (plain, .gz, .zst) or Parquet.
        fields: The fields to protect; none: all that hold text.
        id_field: The field that names an item; "": its number, from 0.

    Raises:
        InputError: The file cannot be read, or lacks a field.
    """
    try:
        for number, record in enumerate(_records(path)):
            if not isinstance(record, Mapping):
                raise InputError(f"item {number} of {path} is no object", found=type(record).__name__)
            named = fields or [name for name, value in record.items() if isinstance(value, str) and name != id_field]
            passages = [text for name in named for text in _strings(_value(record, name, path, number))]
            yield str(_value(record, id_field, path, number)) if id_field else str(number), passages
    except (OSError, EOFError, ValueError, pa.ArrowException, zstandard.ZstdError) as error:
        raise InputError(
            f"the benchmark {path} cannot be read", found=str(error), expected="JSON lines (.gz, .zst) or Parquet"
        ) from error


def digest(path: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        InputError: There is no such file.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"the benchmark {path} cannot be read", found=str(error)) from error


def _records(path: Path) -> Iterator[Any]:
    if path.suffix == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches():
            yield from batch.to_pylist()
        return
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    elif path.suffix == ".zst":
        raw = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True).read()
    for line in io.BytesIO(raw):
        if not line.isspace():
            yield json.loads(line)


def _value(record: Mapping[str, Any], name: str, path: Path, number: int) -> Any:
    if name in record:
        return record[name]
    value: Any = record
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise InputError(
                f"item {number} of the benchmark {path} has no field '{name}'", found=", ".join(map(str, record))
            )
        value = value[part]
    return value


def _strings(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    return [] if value is None else [str(value)]
