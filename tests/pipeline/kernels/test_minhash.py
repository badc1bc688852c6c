import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.kernels.minhash import EMPTY, TILE, band_hashes, permutations, sign, signatures
from headrace.pipeline.kernels.shingles import Shingles, shingle_texts


def as_shingles(some):
    flat = np.array([hashed for document in some for hashed in document], np.uint64)
    return Shingles(np.cumsum([0, *map(len, some)]).astype(np.int64), flat)


def datasketch_signature(hashes, num_perm, seed):
    sketch = MinHash(num_perm=num_perm, seed=seed, scheme="affine32", hashfunc=lambda hashed: hashed >> 32)
    sketch.update_batch(hashes)
    return sketch.hashvalues


@given(
    st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=40), min_size=1, max_size=3),
    st.integers(1, 70),
    st.integers(0, 2**32 - 1),
)
def test_signatures_are_datasketchs(some, num_perm, seed):
    signed = sign(as_shingles(some), num_perm, seed)
    assert signed.dtype == np.uint32
    for document, hashes in enumerate(some):
        np.testing.assert_array_equal(signed[document], datasketch_signature(hashes, num_perm, seed))


@pytest.mark.parametrize("size", [TILE - 1, TILE, TILE + 1, 3 * TILE + 5])
def test_long_documents_are_signed_tile_by_tile(size):
    hashes = np.random.default_rng(size).integers(0, 2**64, size, dtype=np.uint64).tolist()
    np.testing.assert_array_equal(sign(as_shingles([hashes]), 128)[0], datasketch_signature(hashes, 128, 1))


@given(st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_permutations_are_datasketchs(num_perm, seed):
    drawn = MinHash(num_perm=num_perm, seed=seed, scheme="affine32").permutations
    np.testing.assert_array_equal(np.array(permutations(num_perm, seed)), drawn)


@given(st.lists(st.none() | st.text(max_size=60), max_size=4), st.integers(1, 6), st.integers(0, 3))
def test_texts_are_signed_as_their_shingles_are(some, n, skipped):
    texts = pa.array(some, pa.large_string()).slice(min(skipped, len(some)))
    np.testing.assert_array_equal(signatures(texts, 32, n), sign(shingle_texts(texts, n), 32))


@pytest.mark.parametrize("words", [TILE + 3, TILE + 4, TILE + 5, 2 * TILE + 4, 3 * TILE])
def test_long_texts_are_signed_tile_by_tile(words):
    texts = pa.array([" ".join(f"{i:x}" for i in range(words)), "short"], pa.large_string())
    np.testing.assert_array_equal(signatures(texts, 64), sign(shingle_texts(texts), 64))


def test_a_document_without_words_has_the_empty_signature():
    assert np.all(signatures(pa.array(["", None, "?!", "\u0301"], pa.large_string()), 16) == EMPTY)


def test_similar_texts_have_similar_signatures():
    random = np.random.default_rng(0)
    words = [f"w{i}" for i in random.integers(0, 1000, 600)]
    changed = [word if i % 60 else "changed" for i, word in enumerate(words)]
    texts = pa.array([" ".join(words), " ".join(changed)], pa.large_string())
    left, right = signatures(texts, 1024)
    some = shingle_texts(texts)
    exact = len(np.intersect1d(some.set_of(0), some.set_of(1))) / len(np.union1d(some.set_of(0), some.set_of(1)))
    assert abs(np.mean(left == right) - exact) < 0.05


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 3))
def test_bands_agree_where_their_rows_do(bands, rows, spare):
    random = np.random.default_rng(bands * 100 + rows * 10 + spare)
    signed = random.integers(0, 2, (30, bands * rows + spare), dtype=np.uint32)
    hashes = band_hashes(signed, bands, rows)
    assert hashes.shape == (30, bands)
    parts = {(band, *signed[i, band * rows : (band + 1) * rows]) for i in range(30) for band in range(bands)}
    assert len(set(hashes.ravel().tolist())) == len(parts)
    for band in range(bands):
        part = signed[:, band * rows : (band + 1) * rows]
        same = np.all(part[:, None] == part[None], axis=2)
        np.testing.assert_array_equal(hashes[:, None, band] == hashes[None, :, band], same)


def test_what_cannot_be_is_refused():
    signed = np.zeros((1, 16), np.uint32)
    with pytest.raises(ValueError, match="do not fit"):
        band_hashes(signed, 3, 6)
    with pytest.raises(ValueError, match="at least one permutation"):
        permutations(0)
    with pytest.raises(ValueError, match="at least one word"):
        signatures(pa.array(["a"], pa.large_string()), 16, 0)
