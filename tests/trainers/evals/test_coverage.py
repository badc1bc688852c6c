import re

import pytest

from headrace.shards.format.manifest import Benchmark, Certificate, InputFile, Manifest, Provenance
from headrace.trainers.evals.coverage import EvaluationSet, coverage, set_of_shards

ONE, OTHER = "1" * 64, "2" * 64


def shards(*benchmarks, action="drop", **changes):
    promise = Certificate(n=13, action=action, benchmarks=dict(benchmarks))
    return Manifest(kind="records", name="crawl", decontamination=(promise,), **changes)


def benchmark(sha256, **changes):
    return Benchmark(sha256=sha256, items=3, **changes)


def test_a_file_whose_hash_the_certificate_holds_is_covered():
    found = coverage(EvaluationSet("test.jsonl", (ONE,)), [shards(("humaneval", benchmark(ONE)))])
    assert (found.verdict, found.warning) == ("covered", "")
    assert found.note == "test.jsonl: nothing of it was left in the training shards, as their certificate says."


def test_items_that_could_not_be_protected_are_told():
    loose = shards(("humaneval", benchmark(ONE, unprotected=("7", "9"))))
    assert "but 2 items could not be protected" in coverage(EvaluationSet("test.jsonl", (ONE,)), [loose]).why


def test_what_is_not_protected_in_any_of_the_training_shards_counts_once():
    tight = shards(("humaneval", benchmark(ONE)))
    loose = shards(("humaneval", benchmark(ONE, unprotected=("7", "9"))))
    both = loose.model_copy(update={"decontamination": (*loose.decontamination, *tight.decontamination)})
    tested = EvaluationSet("test.jsonl", (ONE,))
    assert "but 2 items" in coverage(tested, [tight, loose]).why
    assert "but 2 items" in coverage(tested, [loose, loose]).why
    assert "could not be protected" not in coverage(tested, [both]).why


@pytest.mark.parametrize(
    ("trained_on", "why"),
    [
        ([Manifest(kind="records", name="crawl")], "'crawl' carry no certificate"),
        ([shards(("humaneval", benchmark(OTHER)))], r"is about other benchmarks \(humaneval\)"),
        ([shards(("humaneval", benchmark(ONE)), action="report")], "is about none, since the stage only reported"),
        ([shards(("humaneval", benchmark(ONE))), Manifest(kind="records", name="books")], "'books' carry no cert"),
    ],
)
def test_what_no_certificate_of_all_training_shards_covers_is_warned_of(trained_on, why):
    found = coverage(EvaluationSet("test.jsonl", (ONE,)), trained_on)
    assert found.verdict == "not covered"
    assert re.search(why, found.why)
    assert "the test set test.jsonl" in found.warning
    assert "stage `decontaminate" in found.warning


def test_shards_are_covered_where_every_file_is_that_they_were_built_from():
    inputs = tuple(InputFile(url=name, bytes=1, etag=digest) for name, digest in (("a", ONE), ("b", OTHER)))
    test = set_of_shards("out/test", Manifest(kind="records", name="t", provenance=Provenance(inputs=inputs)))
    assert coverage(test, [shards(("a", benchmark(ONE)), ("b", benchmark(OTHER)))]).verdict == "covered"
    assert coverage(test, [shards(("a", benchmark(ONE)))]).verdict == "not covered"
    dated = (*inputs, InputFile(url="c", bytes=1, etag="1:2026"))
    unknown = set_of_shards("out/test", Manifest(kind="records", name="t", provenance=Provenance(inputs=dated)))
    assert "`identity: content`" in coverage(unknown, [shards(("a", benchmark(ONE)))]).remedy


def test_a_part_of_the_training_shards_is_no_test_that_could_be_covered():
    found = coverage(EvaluationSet("crawl", seen=True), [Manifest(kind="records", name="crawl")])
    assert (found.verdict, found.warning) == ("seen", "")


def test_the_remedy_is_one_that_helps():
    plain = Manifest(kind="records", name="crawl")
    items = EvaluationSet("piqa.jsonl", (ONE,), fields=("context", "choices"))
    assert "{file: piqa.jsonl, fields: [context, choices]}" in coverage(items, [plain]).remedy
    pictures = Manifest(kind="samples", name="photos", fields={"png": "image/png"})
    assert "exact_dedup" in coverage(EvaluationSet("test", ()), [pictures]).remedy
