import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash

from headrace.pipeline.kernels.datasketch_bridge import to_datasketch, to_datasketch_lsh
from headrace.pipeline.kernels.minhash import band_hashes, signatures
from headrace.pipeline.kernels.shingles import shingles
from headrace.pipeline.kernels.word_hashes import word_hashes

BANDS, ROWS = 14, 8


@pytest.fixture(scope="module")
def texts():
    """Forty texts of 200 random words, then a near-duplicate of each: three words in a row are others."""
    random = np.random.default_rng(7)
    originals = [[f"w{i}" for i in random.integers(0, 5000, 200)] for _ in range(40)]
    changed = [[*words[:100], "quite", "another", "thing", *words[103:]] for words in originals]
    return pa.array([" ".join(words) for words in originals + changed], pa.large_string())


def test_planted_near_duplicates_are_found_by_query(texts):
    signed = signatures(texts, BANDS * ROWS)
    index = to_datasketch_lsh(range(40), signed[:40], BANDS, ROWS)
    assert [index.query(to_datasketch(signature)) for signature in signed[40:]] == [[i] for i in range(40)]


def test_a_sketch_made_by_datasketch_finds_them_too(texts):
    index = to_datasketch_lsh(range(40), signatures(texts.slice(0, 40), BANDS * ROWS), BANDS, ROWS)
    some = shingles(word_hashes(texts))
    query = MinHash(BANDS * ROWS, scheme="affine32", hashfunc=lambda hashed: int(hashed) >> 32)
    query.update_batch(some.set_of(45))
    assert index.query(query) == [5]


def test_our_bands_collide_where_datasketchs_do(texts):
    signed = signatures(texts, BANDS * ROWS)
    hashes = band_hashes(signed, BANDS, ROWS)
    index = to_datasketch_lsh(range(80), signed, BANDS, ROWS)
    for document in range(80):
        ours = np.flatnonzero(np.any(hashes == hashes[document], axis=1))
        assert sorted(index.query(to_datasketch(signed[document]))) == ours.tolist()


def test_similarity_is_datasketchs(texts):
    left, right = signatures(texts, 128)[[0, 40]]
    assert to_datasketch(left).jaccard(to_datasketch(right)) == np.mean(left == right)
