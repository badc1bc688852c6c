"""The end of a build: the manifest tells what was built from what, and what the shards are free of."""

import hashlib
import json
from importlib.metadata import version

import pytest

from headrace.pipeline.explain import find_records, story

ITEMS = [
    {"task": "one", "prompt": "return the sum of all even numbers below the given limit that no odd prime divides"},
    {
        "task": "two",
        "prompt": "reverse every second word of a sentence and join what is left with single dashes please",
    },
    {"task": "three", "prompt": "too short to protect"},
]


@pytest.fixture
def decontaminated(workshop):
    """A build whose corpus holds the second item in two documents."""
    benchmark = workshop.folder / "benchmark.jsonl"
    benchmark.write_text("".join(json.dumps(item) + "\n" for item in ITEMS))
    lines = [
        {"text": f"an exam says: {ITEMS[1]['prompt'].upper()} and {row} more", "url": f"u{row}"} for row in range(2)
    ]
    (workshop.folder / "in/z.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    entry = {"file": "benchmark.jsonl", "fields": ["prompt"], "id": "task", "name": "exam"}
    workshop.write_recipe(stages=["own.py:few_words", {"decontaminate": {"benchmarks": [entry]}}, "exact_dedup"])
    return workshop, workshop.build().manifest


def test_the_certificate_names_the_benchmark_and_what_was_found(decontaminated):
    workshop, manifest = decontaminated
    (certificate,) = manifest.decontamination
    assert (certificate.action, certificate.n, certificate.unit) == ("drop", 13, "words")
    exam = certificate.benchmarks["exam"]
    assert exam.sha256 == hashlib.sha256((workshop.folder / "benchmark.jsonl").read_bytes()).hexdigest()
    assert (exam.items, exam.found, exam.unprotected) == (3, ("two",), ("three",))


def test_the_ledger_names_the_item_and_the_words_that_matched(decontaminated):
    workshop, _ = decontaminated
    (row,) = find_records(workshop.folder / "out", "u1")
    told = dict(story(row))
    assert told["fate"] == "dropped by decontaminate: contaminated"
    assert (told["benchmark"], told["item"]) == ("exam", "two")
    assert json.loads(row["evidence"])["text"].lower() == ITEMS[1]["prompt"]


def test_no_words_of_a_found_item_are_in_the_shards(decontaminated):
    workshop, manifest = decontaminated
    for shard in manifest.shards:
        data = (workshop.folder / "out" / shard.name).read_bytes().lower()
        assert ITEMS[1]["prompt"].encode() not in data


def test_a_build_without_decontamination_promises_nothing(built):
    manifest = json.loads((built.folder / "out/manifest.json").read_text())
    assert "decontamination" not in manifest


def test_the_manifest_tells_what_was_built_from_what(built):
    manifest = json.loads((built.folder / "out/manifest.json").read_text())
    assert manifest["recipe"]["stages"][1] == "exact_dedup"
    inputs = manifest["provenance"]["inputs"]
    assert [each["url"] for each in inputs] == ["tiny/a.jsonl", "tiny/b.jsonl", "tiny/c.jsonl"]
    assert [each["bytes"] for each in inputs] == [
        (built.folder / "in" / name).stat().st_size for name in ("a.jsonl", "b.jsonl", "c.jsonl")
    ]
    versions = manifest["provenance"]["versions"]
    assert versions["headrace"] == version("headrace")
    assert versions["minhash_dedup"] == "1"
    assert manifest["fields"] == {"txt": "text/plain", "json": "application/json"}
