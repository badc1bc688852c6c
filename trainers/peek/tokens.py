"""Windows of tokens as text, with what was hidden of them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from ..data import DataFacts
from ..pretext.base import Arrays
from .look import Piece

_WHITE_SPACE = str.maketrans({" ": "' '", "\n": "\\n", "\t": "\\t", "\r": "\\r"})


def pieces(arrays: Arrays, data: DataFacts) -> tuple[Piece, ...]:
    """The `tokens` of a sample as text; its `positions` with their `labels`, where it has such, as targets.

    Where it has a label for each token but no positions, that is the token's successor: the text goes on to the last
    label, and what is not to be predicted is `given`.
    """
    tokens = arrays["tokens"].tolist()
    if "labels" not in arrays:
        return tuple(_pieces(tokens, {}, data))
    labels = arrays["labels"].tolist()
    if "positions" in arrays:
        pairs = zip(arrays["positions"].tolist(), labels, strict=True)
        return tuple(_pieces(tokens, {position: label for position, label in pairs if label >= 0}, data))
    return tuple(_followed(tokens, labels, data))


def predictions(arrays: Arrays) -> tuple[str, ...]:
    """How many tokens of a sample are predicted, where it has labels: those at `positions`, or what follows each."""
    if "labels" not in arrays:
        return ()
    real = arrays["labels"] >= 0
    if "positions" not in arrays:
        return (f"{real.sum()} tokens are predicted, each from those before it; pale ones are not",)
    places = arrays["positions"][real]
    runs = np.diff(np.flatnonzero(np.diff(places, prepend=-2, append=np.iinfo(np.int64).max) > 1))
    side = f", up to {runs.max()} side by side" if len(runs) else ""
    return (f"{len(places)} of {len(arrays['tokens'])} tokens are predicted{side}",)


def _followed(tokens: Sequence[int], labels: Sequence[int], data: DataFacts) -> Iterator[Piece]:
    whole = [*tokens, *(label for label in labels[-1:] if label >= 0)]
    given = {0, *(at for at, label in enumerate(labels, 1) if label < 0)}
    edges = [0, *(at for at in range(1, len(whole)) if (at in given) != (at - 1 in given)), len(whole)]
    for start, stop in pairwise(edges):
        yield Piece(_text(whole[start:stop], data), "given" if start in given else "plain")


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
