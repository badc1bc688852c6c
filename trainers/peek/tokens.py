"""Windows of tokens as text, with what was hidden of them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from ..data import DataFacts
from ..pretext.base import Arrays
from .look import Piece

_WHITE_SPACE = str.maketrans({" ": "' '", "\n": "\\n", "\t": "\\t", "\r": "\\r"})


def pieces(arrays: Arrays, data: DataFacts) -> tuple[Piece, ...]:
    """The `tokens` of a sample as text; its `positions` with their `labels`, where it has such, as targets."""
    tokens = arrays["tokens"].tolist()
    targets: dict[int, int] = {}
    if "positions" in arrays and "labels" in arrays:
        pairs = zip(arrays["positions"].tolist(), arrays["labels"].tolist(), strict=True)
        targets = {position: label for position, label in pairs if label >= 0}
    return tuple(_pieces(tokens, targets, data))


def _pieces(tokens: Sequence[int], targets: dict[int, int], data: DataFacts) -> Iterator[Piece]:
    special = set(data.vocabulary.special)
    alone = [at in targets or token in special for at, token in enumerate(tokens)]
    # Plain tokens that follow one another are decoded together, or spaces between them would be lost.
    edges = [0, *(at for at in range(1, len(tokens)) if alone[at] or alone[at - 1]), len(tokens)]
    for start, stop in pairwise(edges):
        token = tokens[start]
        if start in targets:
            yield Piece(_word(token, data), _fate(token, targets[start], data), _word(targets[start], data))
        else:
            yield Piece(_text(tokens[start:stop], data), "special" if token in special else "plain")


def _fate(token: int, label: int, data: DataFacts) -> str:
    if token == label:
        return "kept"
    return "masked" if token == data.vocabulary.mask else "random"


def _word(token: int, data: DataFacts) -> str:
    # A token of white space alone must be seen, too.
    text = _text([token], data)
    return text.strip() or text.translate(_WHITE_SPACE)


def _text(tokens: Sequence[int], data: DataFacts) -> str:
    decoded: str = data.tokenizer.decode(np.asarray(tokens).tolist(), skip_special_tokens=False)
    return decoded
