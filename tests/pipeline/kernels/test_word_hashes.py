import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.kernels.buffers import text_buffers
from headrace.pipeline.kernels.word_hashes import hash_words, normalized_words, word_hashes

MASK = 2**64 - 1
SEED, MULTIPLIER = 0x243F6A8885A308D3, 0x9E3779B97F4A7C15

words = st.text(st.characters(categories=["Ll", "Lu", "Nd"], max_codepoint=0xDFF), min_size=1, max_size=40)


def slow_absorb(state, block):
    mixed = (state ^ block) * MULTIPLIER & MASK
    return mixed ^ mixed >> 32


def slow_finish(state, size):
    value = state + size * MULTIPLIER & MASK
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & MASK
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & MASK
    return value ^ value >> 33


def slow_hash(word):
    """The definition in `hashing`, over the bytes of the lower-cased word."""
    data = "".join(character.lower()[0] for character in word).encode()
    state = SEED
    for start in range(0, len(data) - len(data) % 8 + 1, 8):
        state = slow_absorb(state, int.from_bytes(data[start : start + 8], "big"))
    return slow_finish(state, len(data))


@given(st.lists(words, min_size=1, max_size=5))
def test_a_hash_is_the_documented_function_of_the_word(some):
    assert hash_words(some).tolist() == [slow_hash(word) for word in some]


@given(st.lists(st.none() | st.text(max_size=30), max_size=5), st.integers(0, 5), st.integers(0, 5))
def test_a_slice_has_the_words_of_its_documents(some, offset, length):
    whole = pa.array(some, pa.large_string())
    sliced = word_hashes(whole.slice(offset, length))
    alone = [word_hashes(pa.array([text], pa.large_string())) for text in some[offset : offset + length]]
    assert np.diff(sliced.offsets).tolist() == [len(found.hashes) for found in alone]
    for name in ("hashes", "starts", "stops"):
        expected = [getattr(found, name) for found in alone]
        np.testing.assert_array_equal(getattr(sliced, name), np.concatenate(expected) if expected else [])


@given(st.text())
def test_spans_are_bytes_of_the_document(text):
    found = word_hashes(pa.array(["before ", text], pa.large_string()).slice(1))
    for start, stop, hashed in zip(found.starts, found.stops, found.hashes, strict=True):
        assert slow_hash(text.encode()[start:stop].decode()) == hashed


def valid_parts(data):
    """The text of any bytes: every byte that opens no valid sequence is one U+FFFD."""
    text, position = "", 0
    while position < len(data):
        for length in (1, 2, 3, 4):
            try:
                text += data[position : position + length].decode()
            except UnicodeDecodeError:
                continue
            position += length
            break
        else:
            text, position = text + "\ufffd", position + 1
    return text


broken = st.lists(
    st.binary(max_size=4)
    | st.sampled_from([b"\xc3", b"\xe3\x81", b"\xf0\x9f\x8e", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"a"])
    | st.text(max_size=3).map(str.encode)
).map(b"".join)


@given(broken, broken)
def test_invalid_bytes_separate_words_and_nothing_is_read_beyond_them(data, beyond):
    # What lies behind the document, in the same buffer, completes a sequence cut off at its end.
    texts = pa.array([data, beyond], pa.large_binary())
    found, buffers = word_hashes(texts), text_buffers(texts)
    readable = pa.array([valid_parts(data), valid_parts(beyond)], pa.large_string())
    expected, valid = word_hashes(readable), text_buffers(readable)
    np.testing.assert_array_equal(found.hashes, expected.hashes)
    np.testing.assert_array_equal(found.offsets, expected.offsets)
    for document, count in enumerate(np.diff(found.offsets).tolist()):
        assert normalized_words(buffers, found, document, 0, count) == normalized_words(
            valid, expected, document, 0, count
        )


def test_a_huge_word():
    text = "Xy" * 5_000_000
    found = word_hashes(pa.array([text], pa.large_string()))
    assert (found.starts.tolist(), found.stops.tolist()) == ([0], [10_000_000])


@pytest.mark.parametrize("word", ["", "two words", "don't", "!"])
def test_what_is_not_one_word_has_no_hash(word):
    with pytest.raises(ValueError, match="not one word"):
        hash_words([word])


def test_hashes_do_not_collide_on_many_short_words():
    some = [f"{i:x}" for i in range(200_000)]
    assert len(np.unique(hash_words(some))) == len(some)
    assert len(np.unique(hash_words(some) >> np.uint64(32))) > len(some) - 20
