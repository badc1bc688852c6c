"""`headrace explain`: a record's story by id or URL, and what failed in a build that stopped."""

import json
import shutil

import pytest

from headrace.pipeline.explain import show_failed, show_record
from headrace.pipeline.story import find_records, side_by_side, story, text_of
from headrace.shards.base.errors import BuildError, InputError


@pytest.fixture
def rows(built):
    return built.ledger().to_pylist()


def one(rows, **wanted):
    return next(row for row in rows if all(row[name] == value for name, value in wanted.items()))


def test_every_record_is_found_by_its_id(built, rows):
    for row in rows[::7]:
        assert find_records(built.folder / "out", row["id"]) == [row]


def test_a_record_is_found_by_its_url(built, rows):
    row = one(rows, url="http://example.org/17")
    assert find_records(built.folder / "out", "http://example.org/17") == [row]


def test_a_page_that_was_crawled_twice_is_told_of_twice(workshop, capsys):
    with (workshop.folder / "in/b.jsonl").open("a") as file:
        file.write(json.dumps({"text": "short", "url": "http://example.org/17"}) + "\n")
    workshop.build()
    found = find_records(workshop.folder / "out", "http://example.org/17")
    assert len(found) == 2
    show_record(workshop.folder / "out", "http://example.org/17")
    shown = capsys.readouterr().out
    assert all(row["id"] in shown for row in found)


@pytest.mark.parametrize(
    "record",
    [
        "tiny/a.jsonl#1",
        "tiny/a.jsonl#999999999",
        "tiny/missing.jsonl#0",
        "tiny/a.jsonl#",
        "#",
        "",
        "http://nowhere/",
        "²#²",
    ],
)
def test_an_unknown_record(built, record):
    with pytest.raises(InputError, match=r"has no record.*an id such as"):
        find_records(built.folder / "out", record)


def test_a_folder_without_a_ledger(tmp_path):
    with pytest.raises(InputError, match="holds no ledger"):
        find_records(tmp_path, "x")
    with pytest.raises(InputError, match="holds no build"):
        show_failed(tmp_path)


def test_the_story_says_what_became_of_a_record_and_why(rows):
    kept = dict(story(one(rows, fate="kept", shard=1, row=3)))
    assert kept["fate"] == "kept: shard 1, row 3"
    few = dict(story(one(rows, stage="own:few_words")))
    assert few["fate"] == "dropped by own:few_words: few_words"
    assert few["measured"] == "4"
    copy = one(rows, stage="exact_dedup")
    assert dict(story(copy))["survivor"] == f"{copy['survivor']} (tiny), similarity 1.0000; the bound is 1"
    failed = dict(story(one(rows, fate="failed")))
    assert failed["fate"].startswith("failed by read: the line is not JSON")
    weed = dict(story(one(rows, stage="own:weeds")))
    assert "measured" not in weed


def test_a_story_holds_scores_bounds_and_evidence(rows):
    row = one(rows, fate="failed") | {
        "fate": "dropped",
        "stage": "length",
        "reason": "too_long",
        "value": 12345.0,
        "threshold": 99.0,
        "evidence": json.dumps({"span": "[bold]" + "x" * 1000, "item": 7}),
        "score.length.words": 12345.0,
        "score.other": None,
    }
    told = dict(story(row))
    assert told["measured"] == "12345; the bound is 99"
    assert told["length.words"] == "12345"
    assert told["item"] == "7"
    assert told["span"].startswith("[bold]xxx")
    assert len(told["span"]) < 700
    assert "other" not in told


def test_what_failed_is_listed_by_number_after_a_build_that_stopped(workshop, capsys):
    workshop.write_recipe(stages=["exact_dedup", "own.py:few_words"], max_failed=0.02)
    path = workshop.folder / "in/a.jsonl"
    path.write_text(path.read_text().replace("word7 ", "poison "))
    with pytest.raises(BuildError, match="--failed"):
        workshop.build()
    half = workshop.folder / "out/.work/curate/.tmp-000000-abcdef"
    shutil.copytree(workshop.folder / "out/.work/curate/000000", half)
    (half / "done.json").unlink()
    capsys.readouterr()
    show_failed(workshop.folder / "out")
    shown = capsys.readouterr().out
    poisoned = sum("poison" in line for line in path.read_text().splitlines())
    assert f"{poisoned}" in shown
    assert "ValueError: poison" in shown
    assert "the line is not JSON" in shown
    assert " 4 " in shown


def test_what_failed_in_a_finished_build_is_told_with_ids_without_the_work_folder(built, tmp_path, rows, capsys):
    copy = shutil.copytree(built.folder / "out", tmp_path / "copy", ignore=shutil.ignore_patterns(".work"))
    show_failed(copy)
    shown = capsys.readouterr().out
    assert one(rows, fate="failed")["id"] in shown


def test_a_duplicates_text_stands_beside_its_survivors(built, rows, capsys):
    row = one(rows, stage="minhash_dedup")
    (mine, own), (other, survivors) = side_by_side(built.folder / "out", row)
    assert mine == "this record"
    assert row["survivor"] in other
    assert "changed" in own or "changed" in survivors
    assert len(set(own.split()) & set(survivors.split())) > 10
    show_record(built.folder / "out", row["id"])
    assert survivors.split()[3] in capsys.readouterr().out


def test_a_text_is_found_while_the_work_folder_is_there(built, rows, tmp_path):
    row = one(rows, fate="kept")
    assert text_of(built.folder / "out", row["id"]).startswith("word")
    copy = shutil.copytree(built.folder / "out", tmp_path / "copy", ignore=shutil.ignore_patterns(".work"))
    assert text_of(copy, row["id"]) == ""


def test_a_span_stands_beside_the_benchmarks_item(built, rows):
    evidence = {"benchmark": "b", "item": "7", "text": "def f", "item_text": "def f(x)", "span": [3, 8]}
    row = one(rows, stage="own:weeds") | {"evidence": json.dumps(evidence)}
    assert side_by_side(built.folder / "out", row) == [("in this record", "def f"), ("in b, item 7", "def f(x)")]
    told = dict(story(row))
    assert told["item"] == "7"
    assert "item_text" not in told


def test_what_was_edited_noted_and_known_is_told(rows):
    edits = [{"stage": "pii", "email": 2, "characters": -7}]
    row = one(rows, fate="kept") | {"edits": json.dumps(edits), "note.language": "de", "meta": '{"label": 3}'}
    told = dict(story(row))
    assert told["edited by pii"] == "email 2, characters -7"
    assert (told["language"], told["label"]) == ("de", "3")


def test_a_damaged_ledger_is_told_with_its_remedy(built, tmp_path):
    copy = shutil.copytree(built.folder / "out", tmp_path / "copy")
    (copy / "ledger/inputs.json").write_text('{"a":')
    with pytest.raises(InputError, match=r"is damaged.*written anew"):
        find_records(copy, "tiny/a.jsonl#0")
