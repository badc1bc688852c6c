"""The whole audit: what it finds, what it says, its exit code; and law 8, that nothing protected is left."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from headrace.pipeline.audit.benchmark import Terms, read_items, sought
from headrace.pipeline.audit.console import tokens_of
from headrace.pipeline.audit.scan import Search, scan
from headrace.pipeline.audit.words import words_of
from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.decontamination.benchmarks import Benchmark
from headrace.pipeline.filters.base import KEEP, NO_KEYS, Record
from headrace.pipeline.filters.decontaminate import Decontaminate
from headrace.shards.base.errors import InputError

ITEMS = [
    {"id": "mill", "q": "The great wheel of the old mill turns seven times in a minute, and never stops."},
    {"id": "short", "q": "Only eight words of some weight stand here"},
    {"id": "none", "q": "Why?"},
    {"id": "numbers", "q": "1 2 3 4 5 6 7 8 9 1 2 3 4 5"},
    {"id": "天気", "q": "今日はとてもいい天気ですから、みんなで山に登って写真を撮りましょう。"},
]


@pytest.fixture
def exam(tmp_path):
    path = tmp_path / "exam.jsonl"
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in ITEMS), encoding="utf-8")
    return path


def search(path, **terms):
    known = Terms(**terms)
    return Search("exam", known, sought(read_items(path, ("q",), "id"), known, words_of))


def test_what_is_sought_is_what_the_filter_protects(exam):
    looked_for = search(exam).sought
    entry = Decontaminate((Benchmark(exam, ("q",), id="id"),)).certificate()["benchmarks"]["exam"]
    assert (looked_for.items, looked_for.whole, looked_for.unprotected) == (
        entry["items"],
        list(entry["whole"]),
        list(entry["unprotected"]),
    )
    assert looked_for.whole == ["short"]
    assert looked_for.unprotected == ["none", "numbers"]
    assert {length: len(grams) for length, grams in looked_for.grams.items()} == {13: 4, 8: 1, 26: 7}


def test_an_item_is_found_in_every_disguise(exam):
    text = ITEMS[0]["q"].upper().replace(" ", " \u00a0").replace("FI", "ﬁ").replace("A", "Ａ")
    (found,) = scan([("one", text), ("two", "nothing"), ("three", ITEMS[1]["q"] + "fore")], [search(exam)])
    assert (found.documents, found.items) == (1, {"mill"})
    assert found.examples[0].document == "one"
    assert found.examples[0].ngram.startswith("great wheel")


def test_what_is_excluded_is_counted_apart(exam):
    (found,) = scan([("one", ITEMS[1]["q"])], [search(exam, excluded=frozenset([ITEMS[1]["q"].lower()]))])
    assert (found.documents, found.excluded, found.items) == (0, 1, set())


def test_what_is_common_counts_in_a_copy(exam):
    words = "great wheel of the old mill turns seven times in a minute and"
    text, more = f"the {words}", "never stops"
    found = [
        scan([("one", document)], [search(exam, common=frozenset([f"the {words[:-4]}", words]), copy_share=share)])[0]
        for document in (text, f"{text} {more}")
        for share in (None, 0.9, 0.8)
    ]
    # Of the item's 16 words 14 stand in n-grams of the first text, and 16 in those of the second.
    assert [(each.documents, each.excluded) for each in found] == [(0, 2), (0, 2), (1, 0), (1, 2), (1, 0), (1, 0)]
    # What the recipe itself excludes makes no copy.
    other = search(exam, excluded=frozenset([words]), common=frozenset([f"the {words[:-4]}"]), copy_share=0.82)
    assert scan([("one", text)], [other])[0].excluded == 2


def test_a_benchmark_without_the_field_is_refused(exam):
    with pytest.raises(InputError, match=r"no field 'text'.*Found: id, q"):
        list(read_items(exam, ("text",), ""))
    assert [passages for _, passages in read_items(exam, (), "id")][2] == ["Why?"]


def recipe(folder, action, output="{format: webdataset}", **more):
    entry = {"file": "exam.jsonl", "fields": ["q"], "id": "id"}
    stage = {"decontaminate": {"benchmarks": [entry], "action": action, **more}}
    path = folder / "r.yaml"
    path.write_text(f"name: r\ninputs: [{{path: in.jsonl}}]\nstages: [{json.dumps(stage)}]\noutput: {output}\n")
    texts = [f"{'before ' * 60}{ITEMS[0]['q']}{' after' * 60}", "nothing of it", f"x {ITEMS[1]['q']} y"]
    (folder / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return path


@pytest.fixture
def run(workshop, exam):
    """Builds with an action in the workshop's folder, and runs commands there."""
    (workshop.folder / "exam.jsonl").write_bytes(exam.read_bytes())

    def make(action, *arguments, **more):
        recipe(workshop.folder, action, **more)
        built = workshop.headrace("build", "r.yaml", "--out", action, "--workers", "1")
        assert built.returncode == 0, built.stderr
        return built, workshop.headrace("audit", action, "--benchmark", "exam.jsonl", *arguments)

    return make


@pytest.mark.slow
def test_the_certificate_is_proved_and_a_report_is_none(run, workshop):
    for action, code, kept in (("drop", 0, 1), ("cut", 0, 2), ("report", 1, 3)):
        _, audit = run(action)
        assert audit.returncode == code, audit.stdout + audit.stderr
        manifest = json.loads((workshop.folder / action / "manifest.json").read_text())
        (certificate,) = manifest["decontamination"]
        assert (certificate["action"], manifest["counts"]["kept"]["records"]) == (action, kept)
        assert certificate["benchmarks"]["exam"]["found"] == ["mill", "short"]
    assert "guarantees nothing" in audit.stdout
    assert "item mill in" in audit.stdout


@pytest.mark.slow
def test_frequent_ngrams_are_listed_for_a_recipe(run, workshop):
    _, audit = run("report", "--frequent", "0", "--write", "common.txt")
    assert audit.returncode == 1
    assert len((workshop.folder / "common.txt").read_text().splitlines()) == 5
    _, audit = run("drop", exclude="common.txt")
    assert audit.returncode == 0
    manifest = json.loads((workshop.folder / "drop/manifest.json").read_text())
    assert manifest["counts"]["dropped"]["records"] == 0
    assert len(manifest["decontamination"][0]["excluded"]["excluded by the recipe"]) == 5


def test_a_clean_folder_and_a_dirty_one_of_others(workshop, exam, tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "clean"}) + "\n")
    clean = workshop.headrace("audit", str(tmp_path / "a.jsonl"), "--benchmark", str(exam), "--field", "q")
    assert (clean.returncode, "no certificate speaks of this file" in clean.stdout) == (0, True)
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": ITEMS[1]["q"]}) + "\n")
    dirty = workshop.headrace("audit", str(tmp_path / "a.jsonl"), "--benchmark", str(exam), "--field", "q")
    assert (dirty.returncode, "item 1 in" in dirty.stdout) == (1, True)
    wrong = workshop.headrace("audit", str(tmp_path / "a.jsonl"), "--benchmark", str(exam), "--field", "text")
    assert (wrong.returncode, "no field 'text'" in wrong.stderr) == (3, True)


PARTS = [
    "the great wheel of the old",
    "OLD mill turns seven",
    "times in a minute",
    "stands here",
    "Only eight words of some weight",
    "今日はとてもいい天気ですから",
    "、みんなで山に登って写真を撮りましょう",
    "ﬁne",
    "e\u0301",
    "\u00ad",
    "…",
    "１ 2 3",
    "x" * 30,
]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=290, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator([item["q"].lower() for item in ITEMS], trainer)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    made.save(str(path))
    return path


@settings(max_examples=150)
@given(
    unit=st.sampled_from(["words", "tokens"]),
    documents=st.lists(st.lists(st.sampled_from(PARTS), max_size=20), min_size=1, max_size=3),
    joint=st.sampled_from([" ", "\n\n", "", "-"]),
    action=st.sampled_from(["drop", "cut"]),
    n=st.integers(3, 8),
    context=st.integers(0, 9),
)
def test_law_8_nothing_protected_is_left(tmp_path_factory, tokenizer, unit, documents, joint, action, n, context):
    path = tmp_path_factory.mktemp("law") / "exam.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in ITEMS))
    # Without a certificate the audit counts the characters of words, not of tokens.
    terms = {"n": n, "min_words": 3, "min_characters": 8 if unit == "words" else 0}
    of_tokens = {"unit": unit, "tokenizer": tokenizer if unit == "tokens" else None}
    plugin = Decontaminate(
        (Benchmark(path, ("q",), id="id"),),
        action=action,
        context=context,
        min_piece=1,
        max_pieces=99,
        **terms,
        **of_tokens,
    )
    texts = [joint.join(parts) for parts in documents]
    verdicts = plugin.judge(batch_of([Record(None, {}, text=text) for text in texts], "text"), NO_KEYS)
    kept = verdicts.edited.to_pylist() if verdicts.edited is not None else texts
    left = [("", text) for text, rule in zip(kept, verdicts.rule.tolist(), strict=True) if rule == KEEP]
    excluded = frozenset(each for some in plugin.certificate()["excluded"].values() for each in some)
    searched = search(path, excluded=excluded, tokens=tokens_of(tokenizer) if unit == "tokens" else None, **terms)
    (found,) = scan(left, [searched])
    assert (found.documents, found.excluded) == (0, 0)
    # And what was found is found by the audit, too.
    held = [scan([("", text)], [searched])[0].documents > 0 for text in texts]
    assert held == (verdicts.scores["matched_ngrams"] > 0).tolist()
