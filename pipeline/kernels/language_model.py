"""The language model of py3langid, laid out for the kernel: the same numbers in 34 MB rather than 67.

The model is an automaton that reads bytes, a feature of which (or none) ends with each state, and the weight of each
feature in each class (naive Bayes). Three things are laid out anew, and none is rounded:

- An automaton's state is a row of the table of moves together with its place among the states that share this row:
  `row << PLACE_BITS | place`. So the next move needs no look at anything but the last.
- Rows are cut into blocks of 16 moves, and blocks that are alike are stored once: 4.8 MB rather than 39.
- A float16 weight is a whole number of small fractions; as an integer it becomes a float32 in one instruction.

Reading py3langid's file takes 0.3 s, most of it for its decompression. What comes of it is kept beside the compiled
kernels, from where it is read in 0.03 s.
"""

import hashlib
import importlib.resources
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.tables import kept_tables

PLACE_BITS = 16
BLOCK_BITS = 4
PADDING = 16
"""Weights have a multiple of so many columns, so that they fill whole vector registers; the last are zero."""


@dataclass(frozen=True)
class LanguageModel:
    """An automaton of S states in R rows of B different blocks, and the weights of F features in C classes.

    Args:
        classes: str (C,): the language of each class; one written in two scripts has two classes.
        priors: float32 (C,): the logarithms of the classes' probabilities.
        weights: int16 (F, C padded): logarithms of the features' probabilities in each class, times `units`.
        units: How many units of `weights` make one; int64 ().
        index: uint16 (R * 16,): which block moves by each sixteenth of the bytes in each row.
        blocks: uint32 (B * 16,): next states.
        places: uint32 (R,): where the states of each row begin in `features`.
        features: int32 (S,): the feature that ends with each state; F where none does.
        start: The state before the first byte; int64 ().
    """

    classes: NDArray[np.str_]
    priors: NDArray[np.float32]
    weights: NDArray[np.int16]
    units: NDArray[np.int64]
    index: NDArray[np.uint16]
    blocks: NDArray[np.uint32]
    places: NDArray[np.uint32]
    features: NDArray[np.int32]
    start: NDArray[np.int64]


def model_file() -> Path:
    """The model's file inside the installed package."""
    return Path(str(importlib.resources.files("py3langid").joinpath("data/model.npz.xz")))


@cache
def language_model() -> LanguageModel:
    """The model, once per process."""
    return kept_tables(LanguageModel, _lay_out, hashlib.sha256(model_file().read_bytes()).hexdigest())


def _lay_out() -> LanguageModel:
    from py3langid.modelio import load_model

    weights, priors, classes, moves, rows, features = load_model(model_file())
    fixed, units = _integers(np.asarray(weights))
    states, order, places = _states(np.asarray(rows))
    index, blocks = _shared_blocks(states[np.asarray(moves)])
    return LanguageModel(
        classes=np.array(classes),
        priors=np.asarray(priors, np.float32),
        weights=fixed,
        units=np.array(units),
        index=index,
        blocks=blocks,
        places=places,
        features=np.where(np.less(features, 0), len(fixed), features).astype(np.int32)[order],
        start=np.array(states[0], np.int64),
    )


def _integers(weights: NDArray[np.float16]) -> tuple[NDArray[np.int16], int]:
    """Weights as whole numbers of the smallest one's last bit, padded; and how many of these units make one.

    Raises:
        ValueError: They spread too far for 16 bits.
    """
    sizes = np.abs(weights)
    _, exponent = np.frexp(np.float32(np.min(sizes, where=sizes > 0, initial=np.inf)))
    units = 2 ** max(0, np.finfo(np.float16).nmant + 1 - int(exponent))
    if float(sizes.max()) * units > np.iinfo(np.int16).max:
        raise ValueError(f"the language model's weights reach {sizes.max()}, in units of 1/{units}: this needs 17 bits")
    columns = -(-weights.shape[1] // PADDING) * PADDING
    fixed = np.zeros((len(weights), columns), np.int16)
    np.multiply(weights, np.float32(units), out=fixed[:, : weights.shape[1]], casting="unsafe", dtype=np.float32)
    return fixed, units


def _states(rows: NDArray[np.uint16]) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint32]]:
    """Every state by its number, given its row; the states in the order of their rows; where each row begins there."""
    order = np.argsort(rows, kind="stable")
    sizes = np.bincount(rows)
    places = np.cumsum(sizes) - sizes
    states = np.empty(len(rows), np.uint32)
    row = rows[order].astype(np.int64)
    states[order] = row << PLACE_BITS | np.arange(len(rows)) - places[row]
    return states, order, places.astype(np.uint32)


def _shared_blocks(moves: NDArray[np.uint32]) -> tuple[NDArray[np.uint16], NDArray[np.uint32]]:
    """The moves as (which block stands at each place, different blocks).

    Raises:
        ValueError: There are more than 65,536 different blocks, or two that are taken for one.
    """
    blocks = moves.reshape(-1, 1 << BLOCK_BITS)
    factors = np.random.default_rng(0).integers(0, 2**64, 1 << BLOCK_BITS, np.uint64) | np.uint64(1)
    _, first, index = np.unique(blocks @ factors, return_index=True, return_inverse=True)
    different = blocks[first]
    if len(first) > 1 << 16 or not np.array_equal(different[index], blocks):
        raise ValueError(f"the language model's automaton has {len(first)} different blocks, more than 65536")
    return index.astype(np.uint16), different.ravel()
