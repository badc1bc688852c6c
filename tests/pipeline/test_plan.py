"""Plans: which phases a recipe becomes, how many tasks each has, and what is refused."""

import pytest

from headrace.pipeline.build import prepare
from headrace.pipeline.engine import exchange
from headrace.shards.base.errors import RecipeError

ASSEMBLY = ["order-keys", "order", "prepare", "shards", "ledger"]


@pytest.fixture
def plan(workshop):
    def plan(*overrides, **changes):
        workshop.write_recipe(**changes)
        return prepare(workshop.folder / "tiny.yaml", overrides)[1]

    return plan


def names(made):
    return [phase.name for phase in made.phases]


def test_filters_before_the_first_dedup_are_one_phase(plan):
    assert names(plan(stages=["length", "own.py:weeds"])) == ["curate", "decide", *ASSEMBLY]
    assert names(plan(stages=[])) == ["curate", "decide", *ASSEMBLY]


def test_filters_behind_a_dedup_are_phases_of_their_own(plan):
    made = plan(stages=["length", "exact_dedup", "length", "own.py:weeds", "exact_dedup", "length"])
    assert names(made) == [
        "curate",
        "decide",
        "exact_dedup.digest",
        "exact_dedup.match",
        "filter-2",
        "decide-2",
        "exact_dedup#2.digest",
        "exact_dedup#2.match",
        "filter-3",
        "decide-3",
        *ASSEMBLY,
    ]
    assert [segment.measures for segment in made.segments] == [("curate",), ("filter-2",), ("filter-3",)]
    assert [segment.decides for segment in made.segments] == ["decide", "decide-2", "decide-3"]


def test_there_is_a_task_for_each_split(plan):
    made = plan("split_bytes=5KB", stages=["exact_dedup", "own.py:weeds"])
    expected = {phase.name: phase.expected_tasks for phase in made.phases}
    for phase in ("curate", "decide", "exact_dedup.digest", "filter-2", "order-keys", "ledger"):
        assert expected[phase] == len(made.splits) > 10


def test_many_map_tasks_are_merged_before_they_are_read(plan, monkeypatch):
    monkeypatch.setattr(exchange, "MAX_FILES", 4)
    made = plan("split_bytes=5KB", stages=["exact_dedup", "minhash_dedup"])
    expected = {phase.name: phase.expected_tasks for phase in made.phases}
    for phase in ("exact_dedup.digest", "minhash_dedup.sign", "order-keys"):
        assert expected[f"{phase}-merge"] == -(-len(made.splits) // 4)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"inputs": [{"path": "in/*.jsonl"}, {"path": "x.warc"}]}, "different kinds of records"),
        ({"inputs": [{"path": "x.warc"}], "stages": ["length"]}, "Put an extractor that makes it before this stage"),
        ({"inputs": [{"path": "x.warc"}], "stages": []}, "cannot hold these records"),
        ({"stages": ["image_quality"]}, "'image_quality' cannot work at its place"),
        ({"stages": ["exact_dedup", "resiliparse"]}, "resiliparse"),
        ({"stages": ["resiliparse"]}, "'resiliparse' cannot work at its place"),
        ({"inputs": [{"path": "p.zip"}], "output": {"format": "tokens"}, "stages": []}, "cannot hold these records"),
    ],
)
def test_stages_that_do_not_fit_together_are_refused(plan, workshop, changes, told):
    for name in ("x.warc", "p.zip"):
        (workshop.folder / name).write_bytes(b"")
    with pytest.raises(RecipeError, match=told):
        plan(**changes)


def test_planning_writes_nothing(plan, workshop):
    before = sorted(workshop.folder.rglob("*"))
    plan()
    assert sorted(workshop.folder.rglob("*")) == before
