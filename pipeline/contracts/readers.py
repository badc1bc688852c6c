"""The contract of a reader as checks that run on any reader: `assert check_reader(MyReader) == []`.

A reader's module carries `EXAMPLES`: pairs of a file's bytes and the payloads of its records, None for one that fails.
The checks read these files as they are, cut in many ways, and damaged in many ways.
"""

import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headrace.shards.base.contracts import Finding
from headrace.shards.base.errors import HeadraceError, InputError, PluginError
from headrace.shards.base.recipe import make
from headrace.shards.base.rng import hash64

from ..readers.base import READERS, Reader
from ..records import PAYLOADS
from .returned import check_read

TARGETS = (1, 7, 100, 1000)
"""Bytes to a span that the splitting law is tried with."""

DAMAGES = 200
"""How many damaged copies of each example are read."""

FORM = "it has the form of a reader"
EXAMPLES_THERE = "its module has EXAMPLES"
EXAMPLES_HOLD = "its EXAMPLES hold"
SPLITS = "the records do not depend on how a file is split"
NEVER_RAISES = "no bytes make it raise"

FIRST = (FORM, EXAMPLES_THERE)
"""Where one of these is broken, the laws after it are not tried."""

LAWS = (EXAMPLES_HOLD, SPLITS, NEVER_RAISES)

_KEY = 0x64616D616765
"""Any constant: damages are drawn by it."""

Example = tuple[bytes, Sequence[bytes | str | None]]
Row = dict[str, Any]


def check_reader(found: str | type[Reader] | Reader) -> list[Finding]:
    """Every breach of the contract, none for a good reader.

    Args:
        found: A reader with its parameters, a class whose parameters all have defaults, or the name of one.

    Raises:
        PluginError: There is no such reader.
    """
    reader: Any = READERS.load(found) if isinstance(found, str) else found
    if isinstance(reader, type):
        reader = make(reader, {}, Path.cwd())
    if not isinstance(reader, Reader) or reader.payload not in PAYLOADS:
        return [Finding(FORM, f"{reader!r} is no Reader with a known payload")]
    examples = examples_of(reader)
    if not examples:
        return [Finding(EXAMPLES_THERE, f"{type(reader).__module__} has none: pairs of bytes and payloads")]
    return [finding for data, expected in examples for finding in _findings(reader, data, expected)]


def _findings(reader: Reader, data: bytes, expected: Sequence[bytes | str | None]) -> Iterator[Finding]:
    """What is wrong with the reading of one example."""
    try:
        whole = read_rows(reader, data)
    except HeadraceError:
        raise
    except Exception as error:
        yield Finding(NEVER_RAISES, f"{data[:40]!r}... makes it raise {type(error).__name__}: {error}")
        return
    payloads = [row[reader.payload] for row in whole]
    if payloads != list(expected):
        yield Finding(EXAMPLES_HOLD, f"{data[:40]!r}... gives {payloads}, not {list(expected)}")
    for target in TARGETS:
        if read_rows(reader, data, target) != whole:
            yield Finding(SPLITS, f"{data[:40]!r}... gives others in spans of about {target} bytes")
    yield from (Finding(NEVER_RAISES, what) for what in _complaints(reader, data))


def examples_of(reader: Reader) -> Sequence[Example]:
    """The `EXAMPLES` of a reader's module."""
    found: Sequence[Example] = getattr(sys.modules[type(reader).__module__], "EXAMPLES", ())
    return found


def read_rows(reader: Reader, data: bytes, target: int = 1 << 40) -> list[Row]:
    """Every record of a file given as bytes, in spans of about `target` bytes, one dictionary each.

    Raises:
        PluginError: The positions, the columns, or a record break the contract.
        InputError: The file as a whole cannot be read.
    """
    rows: list[Row] = []
    last = -1
    for span in reader.spans(io.BytesIO(data), len(data), target):
        for batch in reader.read(io.BytesIO(data), span):
            name = type(reader).__name__
            last = check_read(name, reader, batch, last)
            batch.validate(full=True)
            rows += batch.to_pylist()
            if batch.num_rows and not span.start <= rows[-batch.num_rows]["position"] <= last < span.stop:
                raise PluginError(f"the reader {name} gives a position outside of its span {span}", found=str(last))
    return rows


def damaged(data: bytes, number: int) -> bytes:
    """The copy of a file that a number names: cut off, a byte changed, bytes put in or left out."""
    place, other, length, kind = (int(word) for word in hash64(np.arange(4 * number, 4 * number + 4), _KEY))
    place %= len(data) + 1
    rest = data[place:]
    return (
        data[:place]
        + (
            b"",
            bytes([other % 256]) + rest[1:],
            other.to_bytes(8) * (length % 20) + rest,
            rest[length % 100 :],
        )[kind % 4]
    )


def _complaints(reader: Reader, data: bytes) -> Iterator[str]:
    for number in range(DAMAGES):
        copy = damaged(data, number)
        try:
            read_rows(reader, copy)
        except InputError:
            continue
        except Exception as error:
            yield f"{copy[:200]!r} ({len(copy)} bytes) makes it raise {type(error).__name__}: {error}"
            return
