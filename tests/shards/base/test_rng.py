import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.rng import generator, hash64, key

MASK = 2**64 - 1
parts = st.lists(st.one_of(st.text(max_size=4), st.binary(max_size=4), st.integers(-(2**70), 2**70)), max_size=4).map(
    tuple
)


def slow_key(*parts):
    """The encoding, written out a second time from the module's docstring."""
    message = b""
    for part in parts:
        if isinstance(part, int):
            tag, payload = b"i", part.to_bytes(part.bit_length() // 8 + 1, "little", signed=True)
        elif isinstance(part, str):
            tag, payload = b"s", part.encode("utf-8")
        else:
            tag, payload = b"b", part
        message += tag + len(payload).to_bytes(8, "little") + payload
    return int.from_bytes(hashlib.blake2b(message, digest_size=8, person=b"headrace").digest(), "little")


def slow_hash64(x, key):
    z = ((x & MASK) ^ key) + 0x9E3779B97F4A7C15 & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


@given(parts)
def test_key_is_the_documented_encoding(some):
    assert key(*some) == slow_key(*some)


@given(parts, parts)
def test_different_parts_have_different_keys(some, other):
    assert (key(*some) == key(*other)) == (some == other)


def test_parts_do_not_run_into_each_other():
    alike = [(1, 23), (12, 3), ("1", "23"), ("12", "3"), (b"1", b"23"), ("123",), (123,), ("", "123"), ()]
    assert len({key(*some) for some in alike}) == len(alike)


def test_numpy_integers_are_integers():
    assert key(np.int64(7), np.uint64(2**63)) == key(7, 2**63)


def test_anything_else_is_refused():
    with pytest.raises(TypeError, match=r"not float: 0\.5"):
        key(0.5)  # type: ignore[arg-type]


def test_golden_values():
    assert key("headrace", 0, b"\x00") == 0x7C8CDC5D1BD252CC
    assert hash64(np.arange(3), 42).tolist() == [0xBDD732262FEB6E95, 0xBA69EC90EB4FEF88, 0x369EAE0B0CA19112]
    assert generator("headrace", 7).integers(0, 1000, 5).tolist() == [859, 14, 477, 155, 918]


def test_generators_depend_on_all_their_parts_and_on_nothing_else():
    draws = {parts: generator(*parts).random(4).tolist() for parts in [("a", 0, 1), ("a", 1, 0), ("b", 0, 1)]}
    assert len({tuple(draw) for draw in draws.values()}) == 3
    np.random.seed(0)
    assert generator("a", 0, 1).random(4).tolist() == draws["a", 0, 1]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=8), st.integers(0, MASK))
def test_hash64_is_the_documented_finaliser(values, some_key):
    assert hash64(np.array(values), some_key).tolist() == [slow_hash64(value, some_key) for value in values]


def test_hash64_takes_one_key_for_each_element_and_leaves_its_input_alone():
    x, keys = np.arange(5, dtype=np.uint64), np.arange(10, 15, dtype=np.uint64)
    assert hash64(x, keys).tolist() == [slow_hash64(a, b) for a, b in zip(range(5), range(10, 15), strict=True)]
    assert hash64(x[:, None], keys[None]).shape == (5, 5)
    assert hash64(np.array(3), 4).tolist() == slow_hash64(3, 4)
    assert x.tolist() == [0, 1, 2, 3, 4]
    assert keys.tolist() == [10, 11, 12, 13, 14]


def test_every_bit_of_the_input_flips_half_of_the_output():
    x = np.arange(2000)
    plain = hash64(x, 99)
    for bit in range(64):
        flipped = np.unpackbits((plain ^ hash64(x.astype(np.uint64) ^ np.uint64(1 << bit), 99)).view(np.uint8))
        assert abs(flipped.mean() - 0.5) < 0.01
