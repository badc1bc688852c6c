"""Deciding anew: other bounds, the scores that are there, and what a build from scratch would give."""

import pytest

from headrace.pipeline.build import build
from headrace.pipeline.engine.tasks import MARKER
from headrace.shards.base.errors import BuildError

STAGES = [{"length": {"min_words": 10}}, "exact_dedup", {"minhash_dedup": {"similarity": 0.7, "ngram": 2}}]


def recut(workshop, **length):
    workshop.write_recipe(stages=[{"length": length}, *STAGES[1:]])
    return build(workshop.folder / "tiny.yaml", workshop.folder / "out", workers=1, recut=True)


def scored(workshop):
    return {path: path.read_bytes() for path in (workshop.folder / "out/.work/curate").glob(f"*/{MARKER}")}


@pytest.mark.parametrize("length", [{"min_words": 25}, {"min_words": 1}, {"min_words": 10, "max_words": 30}])
def test_a_recut_is_what_a_build_from_scratch_gives(workshop, length):
    workshop.write_recipe(stages=STAGES)
    workshop.build()
    before = scored(workshop)
    recut(workshop, **length)
    assert scored(workshop) == before
    workshop.build("fresh")
    assert workshop.shards() == workshop.shards("fresh")
    assert workshop.ledger().equals(workshop.ledger("fresh"))


def test_what_would_have_to_be_scored_is_refused(workshop):
    workshop.write_recipe(stages=STAGES)
    with pytest.raises(BuildError, match=r"cannot be decided anew.*Found: 0 of .*without --recut"):
        recut(workshop, min_words=5)
    workshop.write_recipe(stages=STAGES)
    workshop.build()
    path = workshop.folder / "in/a.jsonl"
    path.write_text(path.read_text().replace("word7 ", "word8 "))
    with pytest.raises(BuildError, match="without --recut"):
        recut(workshop, min_words=5)
    workshop.write_recipe(stages=["own.py:few_words", *STAGES[1:]])
    with pytest.raises(BuildError, match="without --recut"):
        build(workshop.folder / "tiny.yaml", workshop.folder / "out", workers=1, recut=True)
