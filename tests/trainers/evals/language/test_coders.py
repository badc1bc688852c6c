import math
import zlib
from collections import Counter

import numpy as np
import pytest

from headrace.trainers.data import DataFacts
from headrace.trainers.evals.language import coders
from headrace.trainers.evals.language.coders import deflated_bits, unigram_nats
from headrace.trainers.evals.records import read_records


def test_a_compressed_text_is_deflate_without_what_frames_it():
    text = b"the cat purrs " * 20
    (bits,) = deflated_bits([text])
    assert bits == 8 * (len(zlib.compress(text, 9)) - 6)
    assert deflated_bits([b""]) < 32


@pytest.mark.parametrize("most", [10_000_000, 300])
def test_tokens_cost_what_their_frequency_says(texts, monkeypatch, most):
    monkeypatch.setattr(coders, "_TOKENS", most)
    monkeypatch.setattr(coders, "_AT_ONCE", 70)
    data = DataFacts.of(texts)
    special = set(data.vocabulary.special)
    row = [int(token) for record in read_records(data, np.arange(40)) for token in record["tokens"]][:most]
    counts = Counter(token for token in row if token not in special)
    total = sum(counts.values()) + data.vocabulary.size - len(special)
    documents = [np.array([8, 9, 300]), np.array([319])]
    expected = [-sum(math.log((counts[int(token)] + 1) / total) for token in each) for each in documents]
    np.testing.assert_allclose(unigram_nats(data, documents), expected)
