"""One build counts what is common all over the corpus, lets it stand, lists it, and finds the rest all the same."""

import json

import pytest

from headrace.pipeline.build import build
from headrace.pipeline.decontamination.common import EVERYWHERE
from headrace.pipeline.engine import exchange
from headrace.pipeline.engine.tasks import MARKER
from headrace.pipeline.story import find_records, story, text_of
from headrace.shards.base.errors import BuildError

LICENCE = "permission is granted to copy this manual as a whole, without any change, for whatever purpose, at no cost"
PROVERB = "who digs a pit for others falls into it himself sooner or later, as millers say at night"
RIDDLE = "what turns all day and never leaves its place, has teeth and never bites, and drinks without being thirsty"
EXAM = [
    {"id": "licensed", "q": [f"{LICENCE}: {RIDDLE}? say what it is, and then say why it is never full"]},
    {"id": "sayings", "q": [LICENCE, PROVERB, "and the rest of it is far too short"]},
]
"""The licence and the proverb stand in many documents; of the second item nothing else can be looked for."""


def write_exam_corpus(workshop):
    """Pages with the licence or the proverb, copies of the first item in pages of their own, and what has neither."""
    (workshop.folder / "exam.jsonl").write_text("".join(json.dumps(item) + "\n" for item in EXAM))
    lines = []
    for number in range(60):
        own = " ".join(f"word{number * step % 399}" for step in range(3, 25))
        middle = {0: LICENCE, 1: PROVERB, 2: EXAM[0]["q"][0].upper()}.get(number % 5, "")
        lines.append({"text": f"{own} {middle} {own}", "url": f"http://host{number}.example/"})
    (workshop.folder / "in/z.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def decontaminate(**more):
    entry = {"file": "exam.jsonl", "fields": ["q"], "id": "id"}
    return {"decontaminate": {"benchmarks": [entry], "min_piece": 20, "context": 5, **more}}


@pytest.fixture
def exam(workshop):
    """A workshop with pages that hold what an exam holds; builds it with `decontaminate` and some stages around it."""
    write_exam_corpus(workshop)

    def make(*stages, out="out", workers=1, **overrides):
        workshop.write_recipe(stages=list(stages))
        return workshop.build(out, *(f"{name}={value}" for name, value in overrides.items()), workers=workers)

    make.workshop = workshop
    return make


def pages(workshop, out="out"):
    rows = [row for row in workshop.ledger(out).to_pylist() if (row["url"] or "").endswith(".example/")]
    return {int(row["url"][len("http://host") : -len(".example/")]): row for row in rows}


def kinds(workshop, out="out"):
    """The fates of the pages with the licence, of those with the proverb, of copies, and of the others."""
    rows = pages(workshop, out)
    return [{rows[number]["fate"] for number in range(kind, 60, 5)} for kind in range(4)]


def test_what_is_common_stands_and_copies_go(exam):
    workshop = exam.workshop
    manifest = exam("own.py:few_words", decontaminate(), "exact_dedup").manifest
    assert kinds(workshop) == [{"kept"}, {"kept"}, {"dropped"}, {"kept"}]
    (certificate,) = manifest.decontamination
    words = LICENCE.replace(",", "").split()
    assert " ".join(words[:13]) in certificate.excluded[EVERYWHERE]
    assert len(certificate.excluded[EVERYWHERE]) == len(words) - 12 + len(PROVERB.split()) - 12
    assert (certificate.max_documents, certificate.documents_by, certificate.copy_share) == (10, "texts", 0.5)
    entry = certificate.benchmarks["exam"]
    # A copy of the first holds the licence, too, which is let stand nowhere in it.
    assert (entry.found, entry.unprotected) == (("licensed", "sayings"), ())
    assert entry.whole == ("sayings",)
    row = pages(workshop)[0]
    told = dict(story(row))
    assert LICENCE in told["noted by decontaminate"]
    assert told["decontaminate.common_ngrams"] == str(len(words) - 12)
    assert find_records(workshop.folder / "out", row["url"])[0]["score.decontaminate.matched_ngrams"] == 0
    table = json.loads((workshop.folder / "out/report/36-common-ngrams.json").read_text())
    assert [" ".join(words[:13]), 10, "texts"] in table["rows"]


def test_an_item_of_which_all_is_common_is_listed_as_unprotected(exam):
    (certificate,) = exam(decontaminate(min_words=10)).manifest.decontamination
    assert certificate.benchmarks["exam"].unprotected == ("sayings",)


def test_the_audit_agrees(exam):
    workshop = exam.workshop
    for action in ("drop", "cut"):
        exam(decontaminate(action=action), out=action)
        audit = workshop.headrace("audit", action, "--benchmark", "exam.jsonl")
        assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.parametrize("action", ["drop", "cut", "report"])
def test_workers_and_splits_change_no_byte(exam, action):
    workshop = exam.workshop
    stages = ["own.py:few_words", decontaminate(action=action), "own.py:weeds", "exact_dedup", {"length": {}}]
    exam(*stages, out="one")
    for split_bytes, workers in (("3KB", 2 if action == "cut" else 1), ("1GB", 1)):
        exam(*stages, out=split_bytes, workers=workers, split_bytes=split_bytes)
        assert workshop.shards(split_bytes) == workshop.shards("one")
        assert workshop.ledger(split_bytes).equals(workshop.ledger("one"))
        certificates = [
            json.loads((workshop.folder / out / "manifest.json").read_text())["decontamination"]
            for out in ("one", split_bytes)
        ]
        assert certificates[0] == certificates[1]


def test_key_ranges_change_no_byte(exam, monkeypatch):
    workshop = exam.workshop
    stages = [decontaminate(action="cut"), "exact_dedup"]
    exam(*stages, out="one")
    monkeypatch.setattr(exchange, "PARTITION_BYTES", 400)
    exam(*stages, out="many", split_bytes="4KB")
    assert len(list((workshop.folder / "many/.work/decontaminate.count").iterdir())) > 3
    assert workshop.shards("many") == workshop.shards("one")
    assert workshop.ledger("many").equals(workshop.ledger("one"))


def test_later_stages_see_what_was_cut_of_what_waited(exam):
    workshop = exam.workshop
    exam(decontaminate(action="cut"), {"length": {"min_words": 40}})
    rows = pages(workshop)
    # 44 words of its own, and the licence or nothing; of the copies some are cut away.
    assert rows[0]["score.length.words"] == 44 + len(LICENCE.split())
    assert rows[3]["score.length.words"] == 44
    assert rows[2]["score.length.words"] <= 44
    assert json.loads(rows[2]["edits"])[0]["item"] == "licensed"


AROUND = ["own.py:weeds", "pii", {"language": {"min_confidence": 0.0}}]
"""Filters that judge, correct and note, to stand on both sides of the one that counts."""


@pytest.mark.parametrize("action", ["cut", "drop"])
def test_to_wait_changes_nothing_but_what_is_common(exam, action):
    workshop = exam.workshop
    path = workshop.folder / "in/z.jsonl"
    # What waits may have been dropped or corrected before, may fail or be dropped behind, or be like another.
    marks = ["", "weed", "poison", "a@mill.example", "weed poison", "weed b@mill.example"]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for number, line in enumerate(lines):
        line["text"] += f" {marks[number % len(marks)]} end"
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, *lines[:9]]))
    behind = ["own.py:few_words", {"length": {"min_words": 8}}, "url_dedup", "exact_dedup"]
    # A stage that edits may stand before one that cuts or drops, not behind it.
    stages = [*AROUND, decontaminate(action=action, max_documents=999), AROUND[2], AROUND[0], *behind]
    exam(*stages, out="waited", max_failed=0.5)
    stages[3] = decontaminate(action=action, max_documents=None)
    exam(*stages, out="at-once", max_failed=0.5)
    assert workshop.shards("waited") == workshop.shards("at-once")
    waited, at_once = workshop.ledger("waited"), workshop.ledger("at-once")
    assert waited.column_names == at_once.column_names
    assert waited.to_pylist() == at_once.to_pylist()
    assert {row["fate"] for row in pages(workshop, "waited").values()} == {"kept", "dropped", "failed"}


def test_what_waited_is_explained(exam):
    workshop = exam.workshop
    exam(decontaminate(action="cut"), "exact_dedup")
    for number in (0, 2, 3):
        row = pages(workshop)[number]
        text = text_of(workshop.folder / "out", row["id"])
        assert text.startswith(f"word{3 * number} ")
        assert (LICENCE in text, RIDDLE.upper() in text) == (number == 0, False)


def test_behind_a_dedup_copies_are_counted_once(exam):
    workshop = exam.workshop
    (workshop.folder / "in/y.jsonl").write_text(
        "".join(json.dumps({"text": f"quoted: {LICENCE}", "url": f"c{number}"}) + "\n" for number in range(30))
    )
    before = workshop.folder / "in/z.jsonl"
    before.write_text("".join(before.read_text().splitlines(keepends=True)[:30]))
    manifest = exam("exact_dedup", decontaminate(max_documents=6), "own.py:weeds").manifest
    assert len(manifest.decontamination[0].excluded[EVERYWHERE]) == len(LICENCE.split()) - 12
    rows = pages(workshop)
    assert [rows[number]["fate"] for number in (0, 1, 2, 3)] == ["kept", "dropped", "dropped", "kept"]


def test_two_stages_that_count_each_count_what_they_see(exam):
    workshop = exam.workshop
    stages = [decontaminate(action="report"), decontaminate(max_documents=11), decontaminate(n=30, max_documents=1)]
    built = exam(*stages)
    first, second, third = built.manifest.decontamination
    assert len(first.excluded[EVERYWHERE]) == len(second.excluded[EVERYWHERE]) > 0
    # Of n-grams that long there are only passages that are looked for whole.
    assert len(third.excluded[EVERYWHERE]) == 2
    assert kinds(workshop) == [{"kept"}, {"kept"}, {"dropped"}, {"kept"}]
    edits = [[edit["stage"] for edit in json.loads(pages(workshop)[number]["edits"] or "[]")] for number in (0, 2, 3)]
    every = ["decontaminate", "decontaminate#2", "decontaminate#3"]
    assert edits == [every, every[::2], []]


def markers(workshop, phase):
    return {path: path.stat().st_mtime_ns for path in (workshop.folder / "out/.work" / phase).glob(f"*/{MARKER}")}


def test_another_number_is_decided_from_what_was_counted(exam):
    workshop = exam.workshop
    exam("own.py:few_words", decontaminate(), "exact_dedup")
    curated, gone_on = markers(workshop, "curate"), markers(workshop, "decontaminate.go-on")

    def recut(number):
        workshop.write_recipe(stages=["own.py:few_words", decontaminate(max_documents=number), "exact_dedup"])
        return build(workshop.folder / "tiny.yaml", workshop.folder / "out", workers=1, recut=True)

    # The same n-grams are common: what waited is not even looked at.
    recut(11)
    assert markers(workshop, "decontaminate.go-on") == gone_on
    assert kinds(workshop)[0] == {"kept"}
    recut(12)
    assert markers(workshop, "curate") == curated
    assert kinds(workshop) == [{"dropped"}, {"dropped"}, {"dropped"}, {"kept"}]
    workshop.build("fresh")
    assert workshop.shards() == workshop.shards("fresh")
    assert workshop.ledger().equals(workshop.ledger("fresh"))
    with pytest.raises(BuildError, match="cannot be decided anew"):
        recut(None)


def test_a_plan_shows_the_count(exam):
    workshop = exam.workshop
    workshop.write_recipe(stages=[decontaminate(), "exact_dedup", decontaminate(), decontaminate(max_documents=None)])
    told = workshop.headrace("build", "tiny.yaml", "--plan").stdout
    for phase in ("decontaminate.count", "decontaminate.go-on", "decontaminate#2.count", "decontaminate#2.go-on"):
        assert phase in told
    assert "decontaminate#3.count" not in told
