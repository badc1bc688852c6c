"""The lines of a manifest's shards, read as columns without making an object of each.

`Manifest.dump` writes each shard of a set that can be streamed on a line of its own, always in this form, but for the
dots, and for the tokens, which are all numbers or all null:

    {"name": "....tar", "samples": ..., "bytes": ..., "sha256": "...", "index_sha256": "...", "tokens": ...},

so that its eighteen quotation marks say where everything stands. What looks otherwise, as JSON also may, is refused.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from .shard_list import NO_TOKENS, FileName, Shards

_KEYS = (b'"name": "', b'", "samples": ', b', "bytes": ', b', "sha256": "', b'", "index_sha256": "', b'", "tokens": ')
_OPEN, _BETWEEN, _CLOSE = b"    {", b"},\n    {", b"}"
_QUOTES = 18
_KEY_AT = ((0, 0), (3, 0), (6, -2), (8, -2), (11, 0), (15, 0))
"""Where each of the keys begins: at which quotation mark, and how many bytes behind it."""
_DIGITS = 18
"""Of the largest number that is read here; it is below 2^63."""
_PIECE = 1 << 20
"""Bytes of lines that are read together."""

_Ints = NDArray[np.int64]


def read_lines(data: bytes, begin: int, end: int) -> Shards:
    """The shards on the lines from `begin` to `end`, which is behind the last brace.

    Raises:
        ValueError: The lines do not look like that, or something on them is not what it must be.
    """
    columns = zip(*(_Lines(data, *piece).columns() for piece in _pieces(data, begin, end)), strict=True)
    names, *arrays = columns
    checked = TypeAdapter(tuple[FileName, ...]).validate_python(tuple(chain.from_iterable(names)))
    return Shards(checked, *map(np.concatenate, arrays))


def _pieces(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    while begin < end:
        # Names have no line breaks: JSON writes them as `\\n`.
        stop = data.find(b",\n", min(begin + _PIECE, end), end)
        stop = end if stop < 0 else stop
        yield begin, stop
        begin = stop + 2


class _Lines:
    """Some lines: between which bytes the value of each key stands, as two int64 arrays of shape (keys, lines)."""

    def __init__(self, data: bytes, begin: int, end: int) -> None:
        self._data, self._text = data, np.frombuffer(data, np.uint8)
        quotes = begin + np.flatnonzero(self._text[begin:end] == ord('"')).reshape(-1, _QUOTES)
        keys = np.array([quotes[:, quote] + behind for quote, behind in _KEY_AT])
        close = np.append(quotes[1:, 0] - len(_BETWEEN), end - len(_CLOSE))
        self._require(quotes[:1, 0] - len(_OPEN) == begin)
        self._require(self._at(quotes[:1, 0] - len(_OPEN), len(_OPEN)) == _OPEN)
        self._require(self._at(close[:-1], len(_BETWEEN)) == _BETWEEN)
        self._require(self._at(close[-1:], len(_CLOSE)) == _CLOSE)
        for key, at in zip(_KEYS, keys, strict=True):
            self._require(self._at(at, len(key)) == key)
        self._first = keys + np.array([[len(key)] for key in _KEYS])
        self._last = np.vstack((keys[1:], close))

    def columns(self) -> tuple[Any, ...]:
        """The columns of `Shards`, of which the names are still to be checked."""
        return self._names(), self._numbers(1), self._numbers(2), self._digests(3), self._digests(4), self._tokens(5)

    def _names(self) -> list[str]:
        first, last = self._first[0].tolist(), self._last[0].tolist()
        return [self._data[begin:end].decode() for begin, end in zip(first, last, strict=True)]

    def _numbers(self, key: int) -> _Ints:
        first, last = self._first[key], self._last[key]
        width = last - first
        self._require((width > 0) & (width <= _DIGITS))
        self._require((self._text[first] != ord("0")) | (width == 1))
        value = np.zeros(len(width), np.int64)
        for place in range(width.max()):
            digit = np.where(place < width, self._text[last - 1 - place] - np.uint8(ord("0")), 0)
            self._require(digit <= 9)
            value += digit * np.int64(10**place)
        return value

    def _digests(self, key: int) -> NDArray[np.bytes_]:
        self._require(self._last[key] - self._first[key] == 64)
        found = self._at(self._first[key], 64)
        self._require(not found.tobytes().translate(None, b"0123456789abcdef"))
        return found

    def _tokens(self, key: int) -> _Ints:
        none = self._at(self._first[key], len(b"null")) == b"null"
        self._require(~none | (self._last[key] - self._first[key] == len(b"null")))
        return np.full(len(none), NO_TOKENS) if none.all() else self._numbers(key)

    def _at(self, begin: _Ints, width: int) -> NDArray[np.bytes_]:
        """The `width` bytes from each of these places on."""
        every = np.ndarray(len(self._data) - width + 1, f"S{width}", self._data, strides=(1,))
        found: NDArray[np.bytes_] = every[begin]
        return found

    def _require(self, true: NDArray[np.bool_] | bool) -> None:
        if not np.all(true):
            raise ValueError("the lines of the shards do not look as they are written")
