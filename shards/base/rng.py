"""Keyed randomness: every random number is a pure function of the things it depends on.

No clock, worker, rank, process or call count ever enters a key, so that the same things give the same numbers
on any machine, in any order, on any number of processes. Three functions are enough:

**key(*parts) -> 64-bit integer.** BLAKE2b (RFC 7693, digest of 8 bytes, personalisation ``headrace``) over the
parts, each encoded as ``tag || length || payload``: tag is one byte, ``i``, ``s`` or ``b``; length is the payload's
length in bytes as an unsigned 64-bit little-endian number; payload is, for an integer, its two's complement in
little-endian order in ``bit_length // 8 + 1`` bytes; for a string, its UTF-8; for bytes, themselves. The encoding is
injective: (1, 23), (12, 3) and ("1", "23") give three different keys. The digest is read as an unsigned
little-endian number. Keys are never added: with ``seed + epoch``, seed 1 in epoch 0 would repeat seed 0 in epoch 1.

**generator(*parts) -> numpy Generator.** A Philox 4x64-10 counter-based generator, whose 128-bit key is the BLAKE2b
digest of 16 bytes of the same encoding (two little-endian 64-bit words), counter 0.

**hash64(x, key) -> 64-bit integers.** The finaliser of splitmix64 (Steele, Lea, Flood 2014, with Stafford's "mix 13"
constants), for whole arrays. For a fixed key it is a bijection of the 64-bit integers. All modulo 2^64::

    z = (x xor key) + 0x9E3779B97F4A7C15
    z = (z xor (z >> 30)) * 0xBF58476D1CE4E5B9
    z = (z xor (z >> 27)) * 0x94D049BB133111EB
    hash64 = z xor (z >> 31)
"""

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

_PERSON = b"headrace"
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = np.uint64(30), np.uint64(27), np.uint64(31)

Part = str | int | bytes


def key(*parts: Part) -> int:
    """Hash all that a random number depends on into an unsigned 64-bit integer.

    Args:
        parts: The things it depends on, the first naming the purpose; numpy integers count as integers.

    Returns:
        A Python integer in [0, 2^64), itself fit to be a part or the key of `hash64`.

    Raises:
        TypeError: A part is neither a string, an integer nor bytes.
    """
    return int.from_bytes(_absorbed(parts, 8).digest(), "little")


def generator(*parts: Part) -> np.random.Generator:
    """Return a random generator that depends on exactly the given parts.

    Args:
        parts: As for `key`.

    Raises:
        TypeError: A part is neither a string, an integer nor bytes.
    """
    words = np.frombuffer(_absorbed(parts, 16).digest(), dtype="<u8")
    return np.random.Generator(np.random.Philox(key=words))


def hash64(x: NDArray[np.integer], key: int | NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash integers under a key, element by element.

    Args:
        x: Integers of any integer dtype; negative ones count as their two's complement in 64 bits.
        key: One key, or an array of keys that broadcasts against `x`.

    Returns:
        uint64 array of the broadcast shape.
    """
    bits = np.asarray(x).astype(np.uint64, copy=False)
    z = np.asarray(np.bitwise_xor(bits, np.asarray(key, dtype=np.uint64)))
    z += _GOLDEN
    z ^= z >> _SHIFT_1
    z *= _MIX_1
    z ^= z >> _SHIFT_2
    z *= _MIX_2
    z ^= z >> _SHIFT_3
    return z


def digests(parts: Iterable[tuple[Part, ...]]) -> Iterator[bytes]:
    """The keys of the generators of many tuples of parts, 16 bytes each.

    What all parts of a tuple but the last make of the hash is kept, for those that follow with the same ones.

    Raises:
        TypeError: A part is neither a string, an integer nor bytes.
    """
    begun: dict[tuple[Part, ...], hashlib.blake2b] = {}
    for each in parts:
        before = each[:-1]
        if (state := begun.get(before)) is None:
            state = begun[before] = _absorbed(before, 16)
        state = state.copy()
        for last in each[-1:]:
            state.update(_encoded(last))
        yield state.digest()


def _absorbed(parts: tuple[Part, ...], size: int) -> hashlib.blake2b:
    return hashlib.blake2b(b"".join(map(_encoded, parts)), digest_size=size, person=_PERSON)


def _encoded(part: Part) -> bytes:
    if isinstance(part, (int, np.integer)):
        number = int(part)
        size = number.bit_length() // 8 + 1
        return b"i" + size.to_bytes(8, "little") + number.to_bytes(size, "little", signed=True)
    if isinstance(part, str):
        part, tag = part.encode(), b"s"
    elif isinstance(part, bytes):
        tag = b"b"
    else:
        raise TypeError(f"a random key is made of strings, integers and bytes, not {type(part).__name__}: {part!r}")
    return tag + len(part).to_bytes(8, "little") + part
