"""What is common all over the corpus, against the rule in plain Python."""

import json

import numpy as np
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headrace.pipeline.audit.benchmark import Terms, read_items, sought
from headrace.pipeline.audit.scan import Search, scan
from headrace.pipeline.audit.words import words_of
from headrace.pipeline.batch import Batch
from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.counting.held import fewest_witnesses
from headrace.pipeline.decontamination.benchmarks import Benchmark
from headrace.pipeline.decontamination.common import EVERYWHERE
from headrace.pipeline.filters.base import KEEP, Record
from headrace.pipeline.filters.decontaminate import Decontaminate


def batch(texts, urls=None):
    urls = urls or [None] * len(texts)
    return batch_of([Record(url, {}, text=text) for text, url in zip(texts, urls, strict=True)], "text")


def counted(plugin, whole, size=2):
    """Judge in batches, count, judge again what waited: the verdicts' `matched_ngrams`, and what is frequent."""
    matched, waits, pairs = np.full(whole.num_rows, np.nan), [], []
    for start in range(0, whole.num_rows, size):
        part = whole.slice(start, size)
        verdicts = plugin.judge(part)
        rows = np.unique(verdicts.waits.rows)
        done = np.setdiff1d(np.arange(part.num_rows), rows)
        matched[start + done] = verdicts.scores["matched_ngrams"][done]
        waits += (start + rows).tolist()
        pairs.append(np.stack([verdicts.waits.keys, verdicts.waits.witnesses]))
    keys, documents = np.unique(fewest_witnesses(pairs)[0], return_counts=True)
    frequent = keys[documents > plugin.most]
    if waits:
        matched[waits] = plugin.judge(whole.take(pa.array(waits)), frequent).scores["matched_ngrams"]
    return matched, frequent


def grams(words, n):
    return [tuple(words[start : start + n]) for start in range(len(words) - n + 1)]


def slow(items, documents, n, most, share):
    """The matched n-grams of each document that are not let stand, and those that are common."""
    known = {gram for item in items for gram in grams(item, n)}
    phrases = []
    for document in documents:
        own = set(grams(document, n)) & known
        copied = set()
        for item in items:
            covered = {at + step for at, gram in enumerate(grams(item, n)) if gram in own for step in range(n)}
            if share and covered and len(covered) >= share * len(item):
                copied |= set(grams(item, n))
        phrases.append(own - copied)
    witnesses = {gram: {tuple(d) for d, own in zip(documents, phrases, strict=True) if gram in own} for gram in known}
    common = {gram for gram, each in witnesses.items() if len(each) > most}
    return [
        sum(gram in known and not (gram in own and gram in common) for gram in grams(document, n))
        for document, own in zip(documents, phrases, strict=True)
    ], common


WORDS = st.lists(st.sampled_from("abc"), max_size=14)


@settings(max_examples=120)
@given(
    items=st.lists(WORDS, min_size=1, max_size=4),
    documents=st.lists(WORDS, min_size=1, max_size=9),
    n=st.integers(1, 4),
    most=st.integers(1, 4),
    share=st.sampled_from([None, 0.3, 0.5, 0.8, 1.0]),
)
@example([list("aabbc")], [list("aab")] * 3, 2, 2, None)
@example([list("abcabc")], [list("cab"), list("acab"), list("abcabc")], 2, 1, 0.5)
def test_what_is_let_stand_is_what_the_rule_says(tmp_path_factory, items, documents, n, most, share):
    path = tmp_path_factory.mktemp("exam") / "exam.jsonl"
    path.write_text("".join(json.dumps({"text": " ".join(item)}) + "\n" for item in items))
    plugin = Decontaminate(
        (Benchmark(path, ("text",)),), n=n, min_words=99, min_characters=0, max_documents=most, copy_share=share
    )
    matched, frequent = counted(plugin, batch([" ".join(document) for document in documents]))
    expected, common = slow(items, documents, n, most, share)
    assert matched.tolist() == expected
    certificate = plugin.certificate(frequent)
    assert certificate["excluded"].get(EVERYWHERE, []) == sorted(" ".join(gram) for gram in common)
    unprotected = [str(row) for row, item in enumerate(items) if set(grams(item, n)) <= common]
    assert list(certificate["benchmarks"]["exam"]["unprotected"]) == unprotected
    # The audit, which shares no code with it, comes to the same of each document.
    terms = Terms(n, 99, 0, common=frozenset(certificate["excluded"].get(EVERYWHERE, ())), copy_share=share)
    search = Search("exam", terms, sought(read_items(path, ("text",), ""), terms, words_of))
    found = [scan([("", " ".join(document))], [search])[0].documents for document in documents]
    assert found == [min(count, 1) for count in expected]
    assert search.sought.unprotected == unprotected


PHRASE = "no part of this book may be copied without leave of those who made it"
OWN = "the wheel of the second mill turns nine times for each turn of the first, and that is all there is to say of it"


def plugin_of(bench, *items, **more):
    return Decontaminate((bench(*items),), **more)


def fates(plugin, texts, urls=None):
    _, frequent = counted(plugin, batch(texts, urls))
    return [rule == KEEP for rule in plugin.judge(batch(texts, urls), frequent).rule.tolist()]


def test_a_phrase_of_many_documents_is_let_stand_and_a_copy_of_the_item_is_not(bench):
    plugin = plugin_of(bench, f"{PHRASE} {OWN}")
    pages = [f"page {number}: {PHRASE}. more of {number}" for number in range(11)]
    assert fates(plugin, pages) == [True] * 11
    assert fates(plugin, pages[:10]) == [False] * 10
    assert fates(plugin, [*pages, f"leaked: {PHRASE} {OWN}", f"half of it: {OWN}"]) == [True] * 11 + [False] * 2


def test_a_leak_does_not_acquit_itself_however_often_it_is_copied(bench):
    plugin = plugin_of(bench, f"{PHRASE} {OWN}")
    leaks = [f"mirror {number} of the exam. {PHRASE} {OWN}" for number in range(50)]
    assert fates(plugin, leaks) == [False] * 50
    # Nor does it where less than half of the item is copied, as long as the pages are the same but for punctuation.
    assert fates(plugin, [f"an exam says: {PHRASE}{'.' * number}" for number in range(50)]) == [False] * 50
    assert fates(plugin_of(bench, f"{PHRASE} {OWN}", copy_share=None), leaks) == [True] * 50


def test_one_site_is_one_witness_where_hosts_are_counted(bench):
    plugin = plugin_of(bench, f"{PHRASE} {OWN}", documents_by="hosts")
    pages = [f"page {number}: {PHRASE}" for number in range(20)]
    one = [f"https://mill.example/{number}" for number in range(20)]
    many = [f"https://{number}.mill.example/" for number in range(20)]
    assert fates(plugin, pages, one) == [False] * 20
    assert fates(plugin, pages, many) == [True] * 20
    # A document without a URL stands for itself.
    assert fates(plugin, pages) == [True] * 20


def test_what_is_let_stand_is_told(bench):
    plugin = plugin_of(bench, f"{PHRASE} {OWN}")
    pages = batch([f"page {number}: {PHRASE.upper()}. more" for number in range(11)])
    _, frequent = counted(plugin, pages)
    verdicts = plugin.judge(pages, frequent)
    assert verdicts.edits[0] == {"let_stand": [PHRASE.upper()]}
    assert verdicts.scores["common_ngrams"].tolist() == [3] * 11
    assert verdicts.scores["matched_ngrams"].tolist() == [0] * 11
    assert len(plugin.certificate(frequent)["excluded"][EVERYWHERE]) == 3


def test_what_is_common_is_not_cut(bench):
    plugin = plugin_of(bench, f"{PHRASE} {OWN}", action="cut", context=3, min_piece=1)
    texts = [f"{'before ' * 9} {number} {PHRASE}{' behind' * 9}" for number in range(11)]
    texts.append(f"{texts[0]} {OWN}{' after' * 9}")
    _, frequent = counted(plugin, batch(texts))
    verdicts = plugin.judge(batch(texts), frequent)
    edited = verdicts.edited.to_pylist()
    assert edited[:11] == texts[:11]
    assert edited[11].startswith("before")
    assert OWN not in edited[11]
    assert verdicts.edits[11].keys() >= {"cut", "item"}


def test_without_a_number_nothing_waits_and_nothing_is_common(bench):
    plugin = plugin_of(bench, f"{PHRASE} {OWN}", max_documents=None)
    assert plugin.most is None
    assert "max_documents" not in plugin.bounds
    pages = [f"page {number}: {PHRASE}" for number in range(20)]
    verdicts = plugin.judge(Batch(batch(pages).records))
    assert verdicts.waits is None
    assert (verdicts.rule != KEEP).all()
