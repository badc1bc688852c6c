"""Languages of documents: the probabilities that py3langid gives (`norm_probs`), straight from the Arrow buffer.

py3langid runs its automaton over the bytes, counts the features f that it passes, and takes for each class the
score prior + sum of log(1 + count of f) * weight of f; probabilities are the softmax of scores / sqrt(bytes), and a
language's is that of all its classes. It adds a thousand terms in single precision, here they are added with the
precision of doubles: probabilities differ from the exact sum by less than 1e-5, and py3langid's by less than 1e-3.

A look into the automaton waits for the one before it, so four documents are walked side by side.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import Intrinsic, device, kernel, reads, writes

from .buffers import TextArray
from .language_model import BLOCK_BITS, PLACE_BITS, LanguageModel, language_model
from .language_text import Part, prepare

prefetch = Intrinsic(f"{__package__}.prefetch:prefetch")

SIDE_BY_SIDE = 4

ROUND_EVERY = 64
"""Features whose weights are added in single precision, before the sum is added to that in double precision."""

AHEAD = 12
"""Features whose weights are on their way from memory: the table is larger than the caches."""

LINE = 32
"""Weights in a cache line."""

PLACE = np.uint64((1 << PLACE_BITS) - 1)
BLOCK = np.uint64((1 << BLOCK_BITS) - 1)


@dataclass(frozen=True)
class Languages:
    """How likely each document is in each language.

    Args:
        labels: ISO 639 codes, (languages,).
        probabilities: float64 (documents, languages), rows sum to 1; uniform over the model's classes where a
            document has nothing to go by.
    """

    labels: tuple[str, ...]
    probabilities: NDArray[np.float64]


def language_labels() -> tuple[str, ...]:
    """The languages that the model knows."""
    return tuple(dict.fromkeys(language_model().classes.tolist()))


def identify_languages(texts: TextArray, characters: int) -> Languages:
    """The languages of a large_string array's documents, by their first `characters` characters."""
    model = language_model()
    scores = np.zeros((len(texts), model.weights.shape[1]))
    sizes = np.zeros(len(texts), np.int64)
    for part in prepare(texts, characters):
        if len(part.rows):
            sizes[part.rows] = part.stops - part.starts
            _score(model, part, scores)
    labels = language_labels()
    columns = len(model.classes)
    shares = _softmax(scores[:, :columns] / np.sqrt(np.maximum(sizes, 1))[:, None])
    label_of_class = [labels.index(name) for name in model.classes.tolist()]
    _, first = np.unique(label_of_class, return_index=True)
    probabilities = shares[:, first]
    for column in sorted(set(range(columns)) - set(first.tolist())):
        probabilities[:, label_of_class[column]] += shares[:, column]
    return Languages(labels, probabilities)


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _score(model: LanguageModel, part: Part, scores: NDArray[np.float64]) -> None:
    sizes = part.stops - part.starts
    longest = int(sizes.max())
    features = len(model.weights)
    score_documents(
        part.data,
        part.starts,
        part.stops,
        part.rows,
        np.argsort(sizes, kind="stable"),
        model.index,
        model.blocks,
        model.places,
        model.features,
        int(model.start),
        model.weights,
        model.priors,
        (np.log1p(np.arange(longest + 1)) / model.units).astype(np.float32),
        np.empty((SIDE_BY_SIDE, longest), np.uint32),
        np.zeros(features + 1, np.int32),
        np.empty(min(longest, features) + 1, np.int32),
        np.empty(model.weights.shape[1], np.float32),
        scores,
    )


@kernel(
    types.void(
        reads(types.uint8),
        reads(types.int64),
        reads(types.int64),
        reads(types.int64),
        reads(types.int64),
        reads(types.uint16),
        reads(types.uint32),
        reads(types.uint32),
        reads(types.int32),
        types.int64,
        reads(types.int16, 2),
        reads(types.float32),
        reads(types.float32),
        writes(types.uint32, 2),
        writes(types.int32),
        writes(types.int32),
        writes(types.float32),
        writes(types.float64, 2),
    )
)
def score_documents(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    rows: NDArray[np.int64],
    order: NDArray[np.int64],
    index: NDArray[np.uint16],
    blocks: NDArray[np.uint32],
    places: NDArray[np.uint32],
    features: NDArray[np.int32],
    start: int,
    weights: NDArray[np.int16],
    priors: NDArray[np.float32],
    logs: NDArray[np.float32],
    passed: NDArray[np.uint32],
    counts: NDArray[np.int32],
    seen: NDArray[np.int32],
    partial: NDArray[np.float32],
    scores: NDArray[np.float64],
) -> None:
    """Add to row `rows[d]` of `scores` the scores of document d; `order` sorts documents by size, smallest first.

    `logs[n]` is log(1 + n) times the unit of weights. Scratch: `passed` (SIDE_BY_SIDE, longest), states; `counts`
    (features + 1,), all zero before and after; `seen`, one more than different features can be; `partial` (columns,).
    """
    last = len(order) - 1
    for group in range(0, len(order), SIDE_BY_SIDE):
        # Where documents run out, the last one is walked again.
        first, second = order[group], order[min(group + 1, last)]
        third, fourth = order[min(group + 2, last)], order[min(group + 3, last)]
        a, b, c, d = starts[first], starts[second], starts[third], starts[fourth]
        together = stops[first] - a
        one = two = three = four = np.uint64(start)
        for step in range(together):
            one = _move(one, data[a + step], index, blocks)
            two = _move(two, data[b + step], index, blocks)
            three = _move(three, data[c + step], index, blocks)
            four = _move(four, data[d + step], index, blocks)
            passed[0, step], passed[1, step], passed[2, step], passed[3, step] = one, two, three, four
        for lane, state in enumerate((one, two, three, four)):
            document = order[min(group + lane, last)]
            size = stops[document] - starts[document]
            for step in range(together, size):
                state = _move(state, data[starts[document] + step], index, blocks)
                passed[lane, step] = state
            if group + lane <= last:
                different = _count(passed[lane], size, places, features, counts, seen)
                _weigh(seen, different, counts, weights, priors, logs, partial, scores[rows[document]])


@device
def _move(state: np.uint64, byte: np.uint8, index: NDArray[np.uint16], blocks: NDArray[np.uint32]) -> np.uint64:
    """The state behind one more byte; unsigned, so that no index is looked at for being negative."""
    half = state >> np.uint64(PLACE_BITS) << np.uint64(8 - BLOCK_BITS) | np.uint64(byte) >> np.uint64(BLOCK_BITS)
    return np.uint64(blocks[np.uint64(index[half]) << np.uint64(BLOCK_BITS) | np.uint64(byte) & BLOCK])


@device
def _count(
    passed: NDArray[np.uint32],
    size: int,
    places: NDArray[np.uint32],
    features: NDArray[np.int32],
    counts: NDArray[np.int32],
    seen: NDArray[np.int32],
) -> int:
    """Count the features that end with the states passed; how many different ones `seen` lists."""
    nothing = len(counts) - 1
    counts[nothing] = 1  # so that "no feature" is never a new one, which spares the loop a branch
    different = 0
    for step in range(size):
        state = np.uint64(passed[step])
        feature = features[np.uint64(places[state >> np.uint64(PLACE_BITS)]) + (state & PLACE)]
        count = counts[feature]
        counts[feature] = count + 1
        seen[different] = feature
        different += count == 0
    counts[nothing] = 0
    return different


@device
def _weigh(
    seen: NDArray[np.int32],
    different: int,
    counts: NDArray[np.int32],
    weights: NDArray[np.int16],
    priors: NDArray[np.float32],
    logs: NDArray[np.float32],
    partial: NDArray[np.float32],
    scores: NDArray[np.float64],
) -> None:
    """Add the weights of the features seen, and the priors if there are any, to the scores; set their counts to 0."""
    columns = len(partial)
    for place in range(min(AHEAD, different)):
        _fetch(weights, seen[place], columns)
    for start in range(0, different, ROUND_EVERY):
        stop = min(start + ROUND_EVERY, different)
        partial[:] = 0
        # Four at a time, so that the partial sums are loaded and stored a quarter as often.
        whole = stop - (stop - start) % 4
        for place in range(start, whole, 4):
            i, j, k, m = seen[place], seen[place + 1], seen[place + 2], seen[place + 3]
            p, q, r, s = logs[counts[i]], logs[counts[j]], logs[counts[k]], logs[counts[m]]
            counts[i] = counts[j] = counts[k] = counts[m] = 0
            for ahead in range(place + AHEAD, min(place + AHEAD + 4, different)):
                _fetch(weights, seen[ahead], columns)
            for column in range(columns):
                partial[column] += (
                    p * np.float32(weights[i, column])
                    + q * np.float32(weights[j, column])
                    + r * np.float32(weights[k, column])
                    + s * np.float32(weights[m, column])
                )
        for place in range(whole, stop):
            i = seen[place]
            p = logs[counts[i]]
            counts[i] = 0
            for column in range(columns):
                partial[column] += p * np.float32(weights[i, column])
        for column in range(columns):
            scores[column] += partial[column]
    if different:
        for column in range(len(priors)):
            scores[column] += priors[column]


@device
def _fetch(weights: NDArray[np.int16], feature: int, columns: int) -> None:
    for column in range(0, columns, LINE):
        prefetch(weights, feature, column)
