"""Texts in memory give what a build gives."""

import random

import numpy as np
import pyarrow as pa
import pytest

from headrace.pipeline.dedup import near_duplicates
from headrace.pipeline.dedup.minhash_dedup import MinhashDedup


def corpus(seed, documents=400):
    draw, texts = random.Random(seed), []
    for number in range(documents):
        if texts and draw.random() < 0.5:
            words = draw.choice(texts).split() or ["none"]
            for _ in range(draw.choice([0, 1, 2, 4])):
                words[draw.randrange(len(words))] = f"w{draw.randrange(300)}"
        else:
            words = [f"w{draw.randrange(300)}" for _ in range(draw.randint(0, 60))]
        texts.append(" ".join(words) if number % 40 else "...")
    return texts


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("preferring", [False, True])
def test_as_a_build(deduplicate, seed, preferring):
    texts = corpus(seed)
    draw = random.Random(seed)
    scores = [float(draw.randrange(4)) for _ in texts] if preferring else None
    records = [{"text": text, "score": scores and scores[number]} for number, text in enumerate(texts)]
    keep = {"keep": "best_score", "by": "quality.words"} if preferring else {}
    built = deduplicate(MinhashDedup(similarity=0.7, ngram=2, **keep), records, [100]).dropped
    found = near_duplicates(texts, 0.7, ngram=2, prefer=scores)
    rows = zip(found.duplicates.tolist(), found.survivor_of.tolist(), found.similarity.tolist(), strict=True)
    assert {number: (survivor, similarity) for number, survivor, similarity in rows} == built
    assert found.survivors.tolist() == sorted(set(range(len(texts))) - set(built))
    assert np.all(np.diff(found.duplicates) > 0)
    assert len(built) > 50


def test_any_column_of_texts():
    texts = ["the same five words here", None, "the same five words here"]
    for column in (
        texts,
        pa.array(texts),
        pa.chunked_array([texts[:1], texts[1:]]),
        pa.array(texts, pa.large_string()),
    ):
        found = near_duplicates(column)
        assert (found.survivors.tolist(), found.duplicates.tolist(), found.similarity.tolist()) == ([0, 1], [2], [1.0])


def test_nothing_to_compare():
    for texts in ([], ["", ""], ["one"]):
        found = near_duplicates(texts)
        assert found.survivors.tolist() == list(range(len(texts)))
        assert len(found.duplicates) == len(found.survivor_of) == len(found.similarity) == 0


def test_too_few_permutations_are_refused():
    with pytest.raises(ValueError, match="allow more 'permutations'"):
        near_duplicates([], 0.3, max_missed=0.001, permutations=8)
