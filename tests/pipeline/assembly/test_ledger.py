"""The ledger: one fate for every record, and a build that loses or doubles one is stopped."""

import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from headrace.pipeline import curate
from headrace.pipeline.assembly.shards import Slice, cut_shards
from headrace.pipeline.population import DECISIONS, write_decisions
from headrace.shards.base.errors import BuildError

KEPT_COLUMNS, DROPPED_COLUMNS = ("shard", "row"), ("stage", "reason")


def test_every_line_of_the_inputs_has_one_row(built):
    expected = []
    for path in sorted((built.folder / "in").glob("*.jsonl")):
        position = 0
        for line in path.read_bytes().splitlines(keepends=True):
            expected.append((f"tiny/{path.name}#{position}", path.name, line))
            position += len(line)
    rows = built.ledger().to_pylist()
    assert [row["id"] for row in rows] == [id_ for id_, _, _ in expected]
    for row, (_, _, line) in zip(rows, expected, strict=True):
        try:
            document = json.loads(line)
        except json.JSONDecodeError:
            assert (row["fate"], row["stage"], row["url"]) == ("failed", "read", None)
            assert row["reason"].startswith("the line is not JSON")
        else:
            assert (row["url"], row["bytes"]) == (document["url"], len(document["text"]))
        assert row["source"] == "tiny"


def test_fates_and_what_stands_beside_them(built):
    rows = built.ledger().to_pylist()
    by_id = {row["id"]: row for row in rows}
    assert Counter(row["fate"] for row in rows).keys() == {"kept", "dropped", "failed"}
    for row in rows:
        kept = row["fate"] == "kept"
        assert all((row[name] is not None) == kept for name in KEPT_COLUMNS)
        assert all((row[name] is None) == kept for name in DROPPED_COLUMNS)
        if row["reason"] == "duplicate":
            survivor = by_id[row["survivor"]]
            assert (survivor["stage"], survivor["reason"]) not in [(row["stage"], "duplicate")]
            assert row["survivor_source"] == survivor["source"]
            assert row["value"] >= row["threshold"]
        else:
            assert row["survivor"] is None
    few = [row for row in rows if row["stage"] == "own:few_words"]
    assert {(row["value"], row["threshold"]) for row in few} == {(4, None)}


def test_no_two_records_lie_in_one_place(built):
    places = Counter((row["shard"], row["row"]) for row in built.ledger().to_pylist() if row["fate"] == "kept")
    assert set(places.values()) == {1}
    manifest = json.loads((built.folder / "out/manifest.json").read_text())
    held = {(shard, row) for shard, info in enumerate(manifest["shards"]) for row in range(info["samples"])}
    assert set(places) == held


@pytest.mark.parametrize(("fault", "told"), [("lost", "without a fate: ['tiny/"), ("doubled", "with two: ['tiny/")])
def test_a_stage_that_loses_or_doubles_a_decision_is_caught(workshop, monkeypatch, fault, told):
    run = curate.Decide.run

    def sabotaged(self, root, folder):
        stats = run(self, root, folder)
        with pa.memory_map(str(folder / DECISIONS)) as file:
            table = pa.ipc.open_file(file).read_all()
        failed = pc.equal(table.column("fate"), "failed")
        if not pc.any(failed).as_py():
            return stats
        # What failed is not among the records either: it would vanish without a word.
        changed = table.filter(pc.invert(failed)) if fault == "lost" else pa.concat_tables([table, table.slice(0, 1)])
        write_decisions(folder, changed, None)
        return stats

    monkeypatch.setattr(curate.Decide, "run", sabotaged)
    with pytest.raises(BuildError, match=r"does not add up") as raised:
        workshop.build()
    assert told in str(raised.value)
    assert not (workshop.folder / "out/manifest.json").exists()


@pytest.mark.parametrize("fault", ["lost", "doubled"])
def test_an_assembly_that_loses_or_doubles_a_record_is_caught(workshop, monkeypatch, fault):
    def sabotaged(*arguments):
        cut = cut_shards(*arguments)
        part = cut[0][0]
        stop = part.stop - 1 if fault == "lost" else part.stop + 1
        return [(Slice(part.partition, part.start, stop), *cut[0][1:]), *cut[1:]]

    monkeypatch.setattr("headrace.pipeline.assembly.phases.cut_shards", sabotaged)
    with pytest.raises(BuildError, match="does not add up"):
        workshop.build()


def test_bytes_that_a_reader_counts_twice_are_caught(workshop, monkeypatch):
    run = curate.ReadAndScore.run

    def sabotaged(self, root, folder):
        stats = run(self, root, folder)
        return {**stats, "bytes": stats["bytes"] + 1}

    monkeypatch.setattr(curate.ReadAndScore, "run", sabotaged)
    with pytest.raises(BuildError, match="does not add up"):
        workshop.build()


def test_numbers_of_the_ledger_are_numbers_for_other_tools(built):
    kinds = {field.name: str(field.type) for field in built.ledger().schema}
    assert {name: kinds[name] for name in ("bytes", "shard", "row", "value")} == {
        "bytes": "uint64",
        "shard": "uint32",
        "row": "uint32",
        "value": "double",
    }
    assert not np.isnan(built.ledger().column("value").drop_null().to_numpy()).any()
