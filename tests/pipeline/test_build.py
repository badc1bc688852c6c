"""A build run again: what is done anew, in whose folder, and when it stops."""

import fcntl
import json
import shutil
from pathlib import Path

import pytest

from headrace.pipeline.build import WORK, build
from headrace.shards.base.errors import BuildError, InputError, RecipeError
from headrace.shards.format.manifest import Manifest

STAGES = [{"length": {"min_words": 10}}, "exact_dedup", {"minhash_dedup": {"ngram": 2}}, {"length": {"max_words": 39}}]
AFTER_FILTERS = {"order-keys", "order", "prepare", "shards", "ledger"}
AFTER_EXACT = {f"minhash_dedup.{step}" for step in ("sign", "pair", "cluster", "verify", "index")}
AFTER_EXACT |= {"filter-2", "decide-2", *AFTER_FILTERS}


def markers(out):
    return {path.parent.relative_to(out / WORK): path.stat().st_mtime_ns for path in (out / WORK).glob("*/*/done.json")}


@pytest.fixture(scope="module")
def original(tmp_path_factory, make_workshop):
    """A build with `STAGES`, to be copied."""
    made = make_workshop(tmp_path_factory.mktemp("original"), stages=STAGES)
    made.build()
    return made


@pytest.fixture
def rerun(original, workshop):
    """Builds again, in a copy of `original`, with other stages or overrides; the phases, or tasks, that were run."""
    shutil.copytree(original.folder, workshop.folder, dirs_exist_ok=True)

    def rerun(*overrides, stages=STAGES, tasks=False):
        before = markers(workshop.folder / "out")
        workshop.write_recipe(stages=stages)
        built = workshop.build("out", *overrides)
        after = markers(workshop.folder / "out")
        ran = {path for path, time in after.items() if before.get(path) != time}
        assert built.ran == len(ran)
        assert built.tasks == len(after)
        return {str(path) for path in ran} if tasks else {path.parts[0] for path in ran}

    return rerun


@pytest.mark.parametrize("override", ["max_failed=0.9", "output.format=webdataset"])
def test_what_shapes_nothing_runs_nothing(workshop, rerun, override):
    before = workshop.shards()
    assert rerun(override) == set()
    assert rerun() == set()
    assert workshop.shards() == before


@pytest.mark.parametrize(
    ("override", "phases"),
    [
        ("output.shard_bytes=10KB", {"shards", "ledger"}),
        ("output.order=input", {"order-keys", "order", "prepare", "shards", "ledger"}),
        ("output.format=parquet", {"prepare", "shards", "ledger"}),
    ],
)
def test_a_change_of_the_output_runs_the_assembly(rerun, override, phases):
    assert rerun(override) == phases


@pytest.mark.parametrize(
    ("place", "stage", "phases"),
    [
        (3, {"length": {"max_words": 30}}, {"decide-2", *AFTER_FILTERS}),
        (2, {"minhash_dedup": {"ngram": 3}}, AFTER_EXACT),
        (0, {"length": {"min_words": 11}}, {"decide", "exact_dedup.digest", "exact_dedup.match", *AFTER_EXACT}),
    ],
)
def test_a_stages_parameter_runs_it_and_what_follows(rerun, place, stage, phases):
    changed = [*STAGES[:place], stage, *STAGES[place + 1 :]]
    assert rerun(stages=changed) == phases
    assert rerun(stages=changed) == set()


def test_a_changed_input_runs_its_own_splits_and_what_compares_all(workshop, rerun):
    path = workshop.folder / "in/b.jsonl"
    path.write_text(path.read_text().replace("word1 ", "word2 "))
    parts = json.loads((workshop.folder / "out/ledger/inputs.json").read_text())
    own = {f"{part['part']:06d}" for part in parts if part["input"] == "tiny/b.jsonl"}
    ran = rerun(tasks=True)
    for phase in ("curate", "decide", "exact_dedup.digest"):
        assert {task for task in ran if task.startswith(f"{phase}/")} == {f"{phase}/{index}" for index in own}
    assert {task.partition("/")[0] for task in ran} == {
        "curate",
        "decide",
        "exact_dedup.digest",
        "exact_dedup.match",
        *AFTER_EXACT,
    }


def test_after_a_change_the_shards_are_those_of_a_fresh_build(workshop, rerun):
    rerun("output.shard_bytes=7KB", stages=STAGES[:2])
    workshop.build("fresh", "output.shard_bytes=7KB")
    assert workshop.shards() == workshop.shards("fresh")
    assert workshop.ledger().equals(workshop.ledger("fresh"))
    assert not (workshop.folder / "out/minhash_dedup").exists()
    assert sorted(path.name for path in (workshop.folder / "out").iterdir()) == sorted(
        path.name for path in (workshop.folder / "fresh").iterdir()
    )
    assert not list((workshop.folder / "out" / WORK).glob("minhash_dedup*"))


def test_an_edit_of_a_users_own_filter_is_noticed(workshop):
    workshop.build()
    path = workshop.folder / "own.py"
    path.write_text(path.read_text().replace("least: int = 10", "least: int = 12"))
    assert workshop.build().ran > 0


def test_another_recipes_folder_is_refused(workshop):
    workshop.build()
    before = workshop.shards()
    with pytest.raises(RecipeError, match=r"holds another recipe's build.*'tiny'.*'other'.*Choose another --out"):
        workshop.build("out", "name=other")
    assert workshop.shards() == before


def test_shards_whose_work_folder_is_gone_are_refused(workshop):
    (workshop.folder / "out").mkdir()
    Manifest(kind="records", name="others").save(workshop.folder / "out")
    with pytest.raises(InputError, match="manifest without the build's work folder"):
        workshop.build()


def test_an_output_folder_that_is_a_file(workshop):
    (workshop.folder / "out").write_text("")
    with pytest.raises(InputError, match=r"the output folder .*/out cannot be used"):
        workshop.build()


def test_an_output_folder_in_which_nothing_can_be_made(workshop):
    with pytest.raises(InputError, match="cannot be used"):
        build(workshop.folder / "tiny.yaml", Path("/proc/headrace"))


def test_two_builds_in_one_folder(workshop):
    (workshop.folder / "out" / WORK).mkdir(parents=True)
    with (workshop.folder / "out" / WORK / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another build is running"):
            workshop.build()
    assert workshop.build().manifest.samples > 0


def test_a_build_with_too_many_failures_stops_and_continues_when_they_are_allowed(workshop):
    with pytest.raises(BuildError, match=r"too many records failed.*4 of 240.*tiny/.*\.jsonl.*max_failed.*continues"):
        workshop.build("out", "max_failed=0.01")
    assert not (workshop.folder / "out/manifest.json").exists()
    before = markers(workshop.folder / "out")
    assert {path.parts[0] for path in before} == {"curate"}
    workshop.build("out", "max_failed=0.02")
    after = markers(workshop.folder / "out")
    assert {path: after[path] for path in before} == before
    workshop.build("fresh")
    assert workshop.shards() == workshop.shards("fresh")


def test_failures_of_a_filter_behind_a_dedup_count_too(workshop):
    workshop.write_recipe(stages=["exact_dedup", "own.py:few_words"], max_failed=0.02)
    path = workshop.folder / "in/a.jsonl"
    path.write_text(path.read_text().replace("word7 ", "poison "))
    with pytest.raises(BuildError, match="too many records failed"):
        workshop.build()


@pytest.mark.parametrize(
    ("format", "stages"),
    [
        ("webdataset", ["own.py:few_words", "exact_dedup", "minhash_dedup", "own.py:weeds"]),
        ("tokens", ["own.py:few_words"]),
        ("parquet", ["own.py:few_words", "exact_dedup"]),
        ("jsonl", ["exact_dedup", "own.py:few_words", "minhash_dedup"]),
    ],
)
def test_a_corpus_of_which_nothing_is_kept_gives_a_valid_set_without_shards(workshop, format, stages):
    (workshop.folder / "in/c.jsonl").write_text('{"text": "short"}\n')
    for name in "ab":
        (workshop.folder / f"in/{name}.jsonl").unlink()
    workshop.write_recipe(stages=stages, output={"format": format})
    built = workshop.build()
    assert (built.manifest.samples, len(built.manifest.shards)) == (0, 0)
    assert Manifest.load(workshop.folder / "out") == built.manifest
    assert (built.manifest.counts.total.records, built.manifest.counts.dropped.records) == (1, 1)
    assert workshop.build().ran == 0


def test_an_empty_file_is_a_failed_record(workshop):
    (workshop.folder / "in/empty.jsonl").write_text("")
    workshop.build()
    (row,) = [row for row in workshop.ledger().to_pylist() if row["id"].startswith("tiny/empty.jsonl")]
    assert (row["fate"], row["reason"]) == ("failed", "the file is empty")


def test_others_files_in_the_output_folder_are_left_alone(workshop):
    out = workshop.folder / "out"
    for name in ("report/mine.html", "data/part-000.parquet", "shard-of-pottery.txt"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("mine")
    workshop.build()
    workshop.build("out", "output.shard_bytes=7KB")
    for name in ("report/mine.html", "data/part-000.parquet", "shard-of-pottery.txt"):
        assert (out / name).read_text() == "mine"


def test_a_file_of_others_in_the_place_of_a_shard_is_never_overwritten(workshop):
    out = workshop.folder / "out"
    out.mkdir()
    (out / "shard-000000.tar").write_text("mine")
    with pytest.raises(InputError, match=r"would overwrite.*shard-000000\.tar"):
        workshop.build()
    assert (out / "shard-000000.tar").read_text() == "mine"
    (out / "shard-000000.tar").unlink()
    workshop.build("fresh")
    workshop.build()
    assert workshop.shards() == workshop.shards("fresh")


def test_a_shard_that_was_changed_in_place_is_made_again(workshop):
    workshop.build()
    shards = workshop.shards()
    path = next((workshop.folder / "out").glob("*.tar"))
    with path.open("r+b") as file:
        file.seek(700)
        byte = file.read(1)[0]
        file.seek(700)
        file.write(bytes([byte ^ 1]))
    assert workshop.shards() != shards
    assert workshop.build().ran == 1
    assert workshop.shards() == shards


def test_a_recipe_of_the_same_name_with_other_inputs_is_another_recipe(workshop):
    workshop.build()
    before = workshop.shards()
    (workshop.folder / "other.jsonl").write_text('{"text": "one two three"}\n')
    with pytest.raises(RecipeError, match=r"holds another recipe's build.*in/\*\.jsonl.*other\.jsonl"):
        workshop.build("out", "inputs=[{path: other.jsonl}]")
    assert workshop.shards() == before
    both = workshop.build("out", "inputs=[{path: in/*.jsonl}, {path: other.jsonl}]")
    assert sum(each.records for each in (both.manifest.counts.kept, both.manifest.counts.dropped)) > 200
