"""What is alive: the records less the decisions on them."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.engine.runner import PhaseResult
from headrace.pipeline.engine.tasks import Done
from headrace.pipeline.population import (
    DECISION_SCHEMA,
    RECORDS,
    Decided,
    Population,
    View,
    split_of,
    write_decisions,
)


def write_records(folder, batches):
    """`records.arrow` with the given record numbers, batch by batch; a record's text is its number."""
    folder.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([("number", pa.uint64()), ("text", pa.large_string())])
    with pa.OSFile(str(folder / RECORDS), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for numbers in batches:
            writer.write_batch(
                pa.record_batch([pa.array(numbers, pa.uint64()), list(map(str, numbers))], schema=schema)
            )


def decide(folder, numbers, starts=None):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"number": number, "fate": "dropped"} for number in numbers]
    write_decisions(folder, pa.Table.from_pylist(rows, DECISION_SCHEMA), starts)


@st.composite
def lives(draw):
    """Batches of ascending numbers, and which of them two stages decided on."""
    numbers = sorted(draw(st.sets(st.integers(0, 2**40), min_size=1, max_size=40)))
    cuts = sorted(draw(st.lists(st.integers(0, len(numbers)), max_size=4)))
    batches = [numbers[a:b] for a, b in zip([0, *cuts], [*cuts, len(numbers)], strict=True)]
    dead = draw(st.lists(st.lists(st.sampled_from(numbers), unique=True), min_size=1, max_size=2))
    return batches, dead


@given(lives())
def test_a_view_is_the_records_less_the_dead(tmp_path_factory, case):
    batches, dead = case
    root = tmp_path_factory.mktemp("view")
    write_records(root / "curate/000000", batches)
    for index, numbers in enumerate(dead):
        decide(root / f"stage-{index}/000000", numbers)
    view = View("curate/000000", tuple(Decided(f"stage-{index}", 0, 1, 0) for index in range(len(dead))))

    gone = {number for numbers in dead for number in numbers}
    expected = [number for numbers in batches for number in numbers if number not in gone]
    found = list(view.batches(root))
    assert [number for batch in found for number in batch.column("number").to_pylist()] == expected
    assert [text for batch in found for text in batch.column("text").to_pylist()] == list(map(str, expected))
    assert all(batch.num_rows for batch in found)
    assert sorted(view.dead(root).tolist()) == sorted(number for numbers in dead for number in numbers)


def test_a_view_has_those_that_waited_too(tmp_path):
    write_records(tmp_path / "curate/000000", [[1, 4], [6]])
    write_records(tmp_path / "exam.go-on/000000", [[2, 5]])
    decide(tmp_path / "decide/000000", [4, 5])
    view = View("curate/000000", (Decided("decide", 0, 1, 0),), ("exam.go-on/000000",), ("filter-2/000000",))
    assert [batch.column("number").to_pylist() for batch in view.batches(tmp_path)] == [[1], [6], [2]]
    assert view.measured == ("curate/000000", "exam.go-on/000000", "filter-2/000000")


def test_a_view_gives_the_columns_that_are_asked_for(tmp_path):
    write_records(tmp_path / "curate/000000", [[1, 2]])
    decide(tmp_path / "curate-decided/000000", [1])
    view = View("curate/000000", (Decided("curate-decided", 0, 1, 0),))
    assert [batch.schema.names for batch in view.batches(tmp_path, ["text"])] == [["text"]]


def test_each_split_sees_its_own_decisions_and_its_share_of_global_ones(tmp_path):
    starts = (0, 100, 200)
    population = Population(3, starts, ("a", "a", "b"), 0, "curate", "text").after("curate").after("dedup", on_all=True)
    for split, numbers in enumerate([[1, 2, 3], [100, 101], [200, 201]]):
        write_records(tmp_path / f"curate/{split:06d}", [numbers])
        decide(tmp_path / f"curate/{split:06d}", numbers[:1])
    decide(tmp_path / "dedup/000000", [201, 2], starts)
    decide(tmp_path / "dedup/000001", [101], starts)

    results = {"dedup": PhaseResult((Done("dedup/000000", "", {}, 0), Done("dedup/000001", "", {}, 0)), "", 2)}
    views = [population.view(split, results) for split in range(3)]
    alive = [
        [number for batch in view.batches(tmp_path) for number in batch.column("number").to_pylist()] for view in views
    ]
    assert alive == [[3], [], []]


@given(st.sets(st.integers(0, 2**63), min_size=1, max_size=20), st.lists(st.integers(0, 2**63), max_size=30))
def test_a_number_finds_the_last_split_that_starts_at_or_before_it(firsts, numbers):
    starts = sorted(firsts | {0})
    found = split_of(np.array(numbers, np.uint64), starts)
    assert found.tolist() == [max(index for index, start in enumerate(starts) if start <= each) for each in numbers]


@pytest.mark.parametrize("starts", [None, (0, 10)])
def test_no_decision_is_written_as_well(tmp_path, starts):
    decide(tmp_path / "stage/000000", [], starts)
    assert Decided("stage", 0, 1, 0).read(tmp_path).num_rows == 0


def test_partitions_follow_the_number_of_records_and_not_their_size():
    population = Population(2, (0, 100), ("a", "b"), 10**15, "curate", "text")
    counted = {"curate": PhaseResult(tuple(Done("", "", {"records": n}, 0) for n in (3 << 20, 1 << 20)), "", 2)}
    assert population.partitions(16, counted) == 1
    assert population.partitions(17, counted) == 2
    assert population.partitions(16 * 25, counted) == 25
