"""Benchmark items in documents, against a search for every n-gram in plain Python."""

import gzip
import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.decontamination.benchmarks import Benchmark
from headrace.pipeline.filters.base import KEEP, NO_KEYS, Record
from headrace.pipeline.filters.decontaminate import Decontaminate
from headrace.shards.base.errors import InputError

QUESTION = "How many teeth has the great wheel of a mill that turns seven times in a minute, if the pinion has nine?"
ANSWER = "The great wheel has ninety"


@pytest.fixture
def benchmark(tmp_path) -> Benchmark:
    items = [
        {"id": "mill/1", "question": QUESTION, "answer": ANSWER},
        {"id": "mill/2", "question": "Why?", "answer": "So."},
    ]
    path = tmp_path / "mill.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(item) + "\n" for item in items).encode()))
    return Benchmark(path, ("question", "answer"), id="id")


def around(text):
    return f"Some words before it. {text} And some words behind it."


def test_an_item_is_found_named_and_located(benchmark, texts):
    document = "Überschrift 😀: " + around(QUESTION)
    verdicts = Decontaminate((benchmark,)).judge(texts("Nothing of it here.", document), NO_KEYS)
    assert verdicts.rule.tolist() == [KEEP, 0]
    assert verdicts.value[1] == len(re.findall(r"\w+", QUESTION)) - 13 + 1
    evidence = verdicts.evidence[1]
    start, stop = evidence["span"]
    assert document[start:stop] == QUESTION[:-1] == evidence["text"]
    assert (evidence["benchmark"], evidence["item"]) == ("mill", "mill/1")


def test_case_punctuation_and_line_breaks_do_not_hide_it(benchmark, texts, reasons):
    hidden = QUESTION.upper().replace(" ", "\n> ").replace(",", " —")
    assert reasons(Decontaminate((benchmark,)), texts(around(hidden))) == ["contaminated"]


def test_thirteen_words_are_enough_and_twelve_are_not(benchmark, texts, reasons):
    words = QUESTION.split()
    batch = texts(around(" ".join(words[4:17])), around(" ".join(words[4:16])))
    assert reasons(Decontaminate((benchmark,)), batch) == ["contaminated", None]


def test_a_short_passage_is_looked_for_whole_from_min_words_on(benchmark, texts, reasons):
    batch = texts(around(ANSWER), around(ANSWER[:-7]))
    assert reasons(Decontaminate((benchmark,), min_words=6), batch) == [None, None]
    assert reasons(Decontaminate((benchmark,), min_words=5), batch) == ["contaminated", None]


def test_the_certificate_says_what_is_protected_and_what_is_not(benchmark):
    certificate = Decontaminate((benchmark,)).certificate()
    assert certificate["n"] == 13
    assert "mill/2" in json.dumps(certificate["benchmarks"]["mill"])
    assert "mill/1" not in json.dumps(certificate["benchmarks"]["mill"])
    assert Decontaminate((benchmark,)).files() == (str(benchmark.file),)


def test_parquet_and_plain_files_are_benchmarks_too(tmp_path, texts, reasons):
    pq.write_table(pa.table({"question": [QUESTION]}), tmp_path / "a.parquet")
    (tmp_path / "b.jsonl").write_text(json.dumps({"question": QUESTION}))
    for name in ("a.parquet", "b.jsonl"):
        plugin = Decontaminate((Benchmark(tmp_path / name, ("question",)),))
        assert reasons(plugin, texts(around(QUESTION))) == ["contaminated"]


def test_a_field_that_is_missing_and_a_file_that_is_none_are_named(benchmark, tmp_path, texts):
    with pytest.raises(InputError, match=r"no field 'questions' in line 1.*Did you mean 'question'"):
        Decontaminate((Benchmark(benchmark.file, ("questions",)),)).judge(texts("a"), NO_KEYS)
    with pytest.raises(InputError, match="no benchmark file"):
        Decontaminate((Benchmark(tmp_path / "none.jsonl", ("a",)),)).judge(texts("a"), NO_KEYS)
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"a": ')
    with pytest.raises(InputError, match=r"line 1 of the benchmark .* is not JSON"):
        Decontaminate((Benchmark(broken, ("a",)),)).judge(texts("a"), NO_KEYS)


def test_the_ledger_is_told_the_items_text_and_share(benchmark, texts):
    verdicts = Decontaminate((benchmark,)).judge(texts(around(" ".join(QUESTION.split()[:15]))), NO_KEYS)
    assert verdicts.evidence[0]["share"] == round(15 / (22 + 5), 4) == verdicts.scores["matched_share"][0].round(4)
    assert verdicts.evidence[0]["item_text"] == QUESTION
    assert verdicts.evidence[0]["items"] == [["mill", "mill/1", verdicts.evidence[0]["share"]]]


def test_to_cut_is_to_edit_and_what_is_cut_is_told(benchmark, texts):
    plugin = Decontaminate((benchmark,), action="cut")
    assert plugin.edits
    clean, page = "Nothing of it here.", f"{'before ' * 60}{QUESTION}{' behind' * 60}"
    verdicts = plugin.judge(texts(clean, page, f"x {QUESTION}", " ".join([page] * 11)), NO_KEYS)
    assert [rule if rule == KEEP else plugin.reasons[rule] for rule in verdicts.rule.tolist()] == [
        KEEP,
        KEEP,
        "nothing_left",
        "contaminated",
    ]
    kept = verdicts.edited.to_pylist()
    assert kept[0] == clean
    assert kept[1] == f"{page[:220]}\n\n{page[-221:]}"
    assert verdicts.edits[0] is None
    assert (verdicts.edits[1]["cut"], verdicts.edits[1]["item"]) == ([(220, len(page) - 221)], "mill/1")
    assert verdicts.edits[1]["characters"] == 441 - len(page)
    assert verdicts.scores["pieces"].tolist()[1:] == [2, 0, 12]
    assert (verdicts.value[3], verdicts.threshold[3]) == (12, 10)


def test_a_report_keeps_everything_and_tells_it(benchmark, texts):
    plugin = Decontaminate((benchmark,), action="report")
    verdicts = plugin.judge(texts("Nothing of it here.", around(QUESTION)), NO_KEYS)
    assert (verdicts.rule.tolist(), verdicts.edited, plugin.reasons) == ([KEEP, KEEP], None, ())
    assert verdicts.edits[0] is None
    assert (verdicts.edits[1]["reported"], verdicts.edits[1]["item"]) == (1, "mill/1")
    assert plugin.certificate()["action"] == "report"


def test_a_benchmark_that_has_changed_is_read_again(benchmark, texts, reasons):
    assert reasons(Decontaminate((benchmark,)), texts(around(QUESTION))) == ["contaminated"]
    other = {"id": "a", "question": "Something else entirely, and nothing about a mill", "answer": ""}
    benchmark.file.write_bytes(gzip.compress(json.dumps(other).encode()))
    assert reasons(Decontaminate((benchmark,)), texts(around(QUESTION))) == [None]


def slow_matches(items, document, n, min_words):
    """How many n-grams of the document are an item's, or a whole short item of at least `min_words`."""
    words = document.lower().split()
    wanted = set()
    for item in items:
        own = item.lower().split()
        if len(own) >= min(n, min_words):
            length = min(n, len(own))
            wanted |= {tuple(own[start : start + length]) for start in range(len(own) - length + 1)}
    return sum(tuple(words[start : start + len(gram)]) == gram for gram in wanted for start in range(len(words)))


WORDS = st.lists(st.sampled_from(["a", "b", "C"]), max_size=12).map(" ".join)


@settings(max_examples=80)
@given(
    items=st.lists(WORDS, min_size=1, max_size=4),
    documents=st.lists(WORDS, min_size=1, max_size=3),
    n=st.integers(1, 5),
)
def test_every_ngram_is_found_and_no_other(tmp_path_factory, items, documents, n):
    path = Path(tmp_path_factory.mktemp("benchmark")) / "items.jsonl"
    path.write_text("".join(json.dumps({"text": item}) + "\n" for item in items))
    plugin = Decontaminate((Benchmark(path, ("text",)),), n=n, min_words=3, min_characters=0)
    found = plugin.judge(batch_of([Record(None, {}, text=text) for text in documents], "text"), NO_KEYS)
    expected = [slow_matches(items, text, n, 3) for text in documents]
    assert found.scores["matched_ngrams"].tolist() == expected
    assert (found.rule != KEEP).tolist() == [count > 0 for count in expected]
