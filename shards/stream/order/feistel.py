"""Pseudorandom permutations of 0..n-1, computed element by element, so that nothing as long as n is ever stored.

`permute(x, n, key)` for n > 16 is a Feistel network of 8 rounds on a grid of a rows and b columns that barely
holds n, with a = ceil(sqrt(n)) and b = ceil(n / a), and with cycle walking outside of n (Black, Rogaway 2002,
"Ciphers with arbitrary finite domains", methods "generalized Feistel" and "cycle walking"). x is split into
high = x div b and low = x mod b, and with

    F(r, v, m) = floor(floor(hash64(r * 2^32 + v, key) / 2^32) * m / 2^32)      in [0, m); hash64: see `base.rng`

the rounds r = 0..7 are

    r even:  high <- (high + F(r, low, a))  mod a
    r odd:   low  <- (low  + F(r, high, b)) mod b

giving high * b + low; while that is not below n, all 8 rounds are applied to it again. Because a * b - n < a,
this happens to fewer than one in sqrt(n) elements. `invert` subtracts, from round 7 to round 0. Four rounds
would not do: at n = 1000 they leave neighbours adjacent 45% more often than a random permutation does; 8
rounds show no difference.

For n <= 16, where so small a network is visibly uneven, x is mapped to the x-th of 0..n-1 when these are
sorted by (hash64(i, key), i): every permutation is possible.

Domains: 1 <= n <= 2^50, 0 <= x < n. Each element may have a domain and a key of its own.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...base.rng import hash64

ROUNDS = 8
SMALL = 16
LARGEST = 2**50

_Ints = NDArray[np.int64]
_Bits = NDArray[np.uint64]
_ONE, _HALF_WORD = np.uint64(1), np.uint64(32)


def permute(x: _Ints, size: _Ints, key: _Bits) -> _Ints:
    """Map each x to its place under the permutation of 0..size-1 that its key selects.

    Args:
        x: int64 array of shape (n,), each in [0, size).
        size: int64 array of shape (n,): the domain of each element, in [1, 2^50].
        key: uint64 array of shape (n,).

    Returns:
        int64 array of shape (n,), each in [0, size).
    """
    return _by_size(x, size, key, _forward, _shuffle)


def invert(y: _Ints, size: _Ints, key: _Bits) -> _Ints:
    """Map each y back to the x with `permute(x, size, key) == y`; arguments and result as there."""
    return _by_size(y, size, key, _backward, _unshuffle)


def _by_size(
    x: _Ints,
    size: _Ints,
    key: _Bits,
    network: Callable[[_Bits, _Bits, _Bits, _Bits], _Bits],
    sorting: Callable[[_Ints, _Ints, _Bits], _Ints],
) -> _Ints:
    small = size <= SMALL
    if not small.any():
        return _walk(x, size, key, network)
    large = ~small
    out = np.empty(x.shape, np.int64)
    out[small] = sorting(x[small], size[small], key[small])
    out[large] = _walk(x[large], size[large], key[large], network)
    return out


def _walk(x: _Ints, size: _Ints, key: _Bits, network: Callable[[_Bits, _Bits, _Bits, _Bits], _Bits]) -> _Ints:
    limit = size.astype(np.uint64)
    rows = np.ceil(np.sqrt(size)).astype(np.uint64)
    columns = (limit + rows - _ONE) // rows
    y = network(x.astype(np.uint64), rows, columns, key)
    outside = np.flatnonzero(y >= limit)
    while outside.size:
        again = network(y[outside], rows[outside], columns[outside], key[outside])
        y[outside] = again
        outside = outside[again >= limit[outside]]
    return y.astype(np.int64)


def _forward(x: _Bits, rows: _Bits, columns: _Bits, key: _Bits) -> _Bits:
    high = x // columns
    low = x - high * columns
    for number in range(0, ROUNDS, 2):
        high = _wrap(high + _draw(number, low, rows, key), rows)
        low = _wrap(low + _draw(number + 1, high, columns, key), columns)
    return high * columns + low


def _backward(x: _Bits, rows: _Bits, columns: _Bits, key: _Bits) -> _Bits:
    high = x // columns
    low = x - high * columns
    for number in reversed(range(0, ROUNDS, 2)):
        low = _wrap(low + columns - _draw(number + 1, high, columns, key), columns)
        high = _wrap(high + rows - _draw(number, low, rows, key), rows)
    return high * columns + low


def _draw(number: int, half: _Bits, modulus: _Bits, key: _Bits) -> _Bits:
    """F of the module's docstring."""
    word = hash64(half | np.uint64(number << 32), key)
    word >>= _HALF_WORD
    word *= modulus
    word >>= _HALF_WORD
    return word


def _wrap(value: _Bits, modulus: _Bits) -> _Bits:
    """Reduce values below 2 * modulus: taken from a smaller one, the modulus leaves more than the value was."""
    reduced: _Bits = np.minimum(value, value - modulus)
    return reduced


def _shuffle(x: _Ints, size: _Ints, key: _Bits) -> _Ints:
    return _sorted_by_hash(size, key)[np.arange(x.size), x]


def _unshuffle(y: _Ints, size: _Ints, key: _Bits) -> _Ints:
    return np.nonzero(_sorted_by_hash(size, key) == y[:, None])[1]


def _sorted_by_hash(size: _Ints, key: _Bits) -> _Ints:
    """Return, of shape (n, 16), the numbers 0..size-1 sorted by hash, and behind them those that are no members."""
    numbers = np.arange(SMALL)[None, :]
    hashes = hash64(numbers, key[:, None])
    hashes[numbers >= size[:, None]] = np.iinfo(np.uint64).max
    return np.argsort(hashes, axis=1, kind="stable")
