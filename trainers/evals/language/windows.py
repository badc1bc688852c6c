"""Windows over a sequence that is longer than a network reads at once."""

from collections.abc import Iterator
from typing import NamedTuple


class Window(NamedTuple):
    """Inputs `begin` .. `end` - 1 of a sequence predict its tokens `begin` + 1 .. `end`; those from `first` count."""

    begin: int
    end: int
    first: int


def windows(first: int, stop: int, length: int, stride: int) -> Iterator[Window]:
    """Windows that predict the tokens `first` .. `stop` - 1 of a sequence, each once, from all that fits before it.

    Args:
        first: The first token to be predicted, at least 1: something must stand before it.
        stop: Behind the last one.
        length: Inputs of a window, at most.
        stride: Tokens that a window predicts, at most, unless it begins with the sequence. So all but those of the
            first window are predicted from `length` - `stride` + 1 tokens at least; with `stride` = `length` the
            windows lie one behind the other, as in training.
    """
    following = first
    while following < stop:
        behind = min(stop, max(following + stride, length + 1))
        yield Window(max(0, behind - 1 - length), behind - 1, following)
        following = behind
