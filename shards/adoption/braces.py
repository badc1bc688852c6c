"""Brace patterns, as shells and WebDataset expand them: `{000..127}`, `{a,b}`, `{0..10..2}`, nested or side by side."""

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from ..base.errors import UsageError

MOST = 1_000_000
"""Names that one pattern may stand for."""

_NUMBERS = re.compile(r"(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?")
_LETTERS = re.compile(r"([a-z])\.\.([a-z])|([A-Z])\.\.([A-Z])")


def expand(pattern: str) -> list[str]:
    """Every name that a pattern stands for, in its order; a pattern without braces stands for itself.

    A number that begins with 0 fills up all of its range: `{08..10}` is 08, 09, 10.

    Raises:
        UsageError: A brace is not closed, or the pattern stands for too many names.
    """
    names = list(islice(_expanded(pattern), MOST + 1))
    if len(names) > MOST:
        raise UsageError(f"'{pattern}' stands for too many names", expected=f"at most {MOST:,}")
    return names


def _expanded(pattern: str) -> Iterator[str]:
    begin = pattern.find("{")
    if begin < 0:
        yield pattern
        return
    end, commas = _closing(pattern, begin)
    inner = pattern[begin + 1 : end]
    for choice in _choices(inner, [each - begin - 1 for each in commas]):
        for rest in _expanded(pattern[end + 1 :]):
            yield f"{pattern[:begin]}{choice}{rest}"


def _closing(pattern: str, begin: int) -> tuple[int, list[int]]:
    """Where the brace that opens at `begin` closes, and the commas that belong to it."""
    depth, commas = 0, list[int]()
    for place in range(begin, len(pattern)):
        letter = pattern[place]
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return place, commas
        if letter == "," and depth == 1:
            commas.append(place)
    raise UsageError(f"a brace of '{pattern}' is not closed", expected="a pattern such as 'data-{000..127}.tar'")


def _choices(inner: str, commas: list[int]) -> Iterator[str]:
    if commas:
        edges = [-1, *commas, len(inner)]
        for left, right in pairwise(edges):
            yield from _expanded(inner[left + 1 : right])
    elif found := _NUMBERS.fullmatch(inner):
        yield from _numbers(found[1], found[2], int(found[3] or 1))
    elif found := _LETTERS.fullmatch(inner):
        first, last = (ord(each) for each in found.groups() if each)
        step = 1 if last >= first else -1
        yield from map(chr, range(first, last + step, step))
    else:
        for each in _expanded(inner):
            yield f"{{{each}}}"


def _numbers(first: str, last: str, step: int) -> Iterator[str]:
    padded = any(re.match("-?0[0-9]", each) for each in (first, last))
    width = max(len(first), len(last)) if padded else 0
    begin, end = int(first), int(last)
    step = max(abs(step), 1) * (1 if end >= begin else -1)
    for number in range(begin, end + (1 if step > 0 else -1), step):
        yield f"{number:0{width}d}" if width else str(number)
