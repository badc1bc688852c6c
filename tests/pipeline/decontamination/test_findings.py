"""What is found in documents: whose it is, where, how much of it."""

import json
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from headrace.pipeline.decontamination import matches
from headrace.pipeline.decontamination.benchmarks import Benchmark
from headrace.pipeline.decontamination.findings import find
from headrace.pipeline.decontamination.protection import protect
from headrace.pipeline.decontamination.units import large_strings
from headrace.pipeline.decontamination.windows import Terms

ITEM = "The great wheel of the old mill turns seven times in a minute"


def test_the_span_is_what_matches_and_the_share_is_of_the_item(guard, look):
    text = "Überall 😀: the GREAT wheel — of the new mill."
    (found,) = look(guard("Nothing of this.", ITEM), text)
    (item,) = found.items
    assert (item.item.benchmark, item.item.name, item.passage) == ("exam", "1", ITEM)
    assert [text[start:stop] for start, stop in found.spans] == ["the GREAT wheel — of the"]
    assert item.span == found.spans[0]
    assert (found.ngrams, item.units, item.share) == (2, 5, 5 / 13)


def test_spans_are_those_of_the_text_as_it_stands(guard, look):
    text = "ﬁrst ＴＨＥ  gre\u00adat whe\u200bel o\u200df the \u2122!"
    (found,) = look(guard(ITEM), text)
    assert [text[start:stop] for start, stop in found.spans] == ["ＴＨＥ  gre\u00adat whe\u200bel o\u200df the"]


def test_every_item_is_named_the_one_with_most_first(guard, look):
    (found,) = look(guard("a b c d", "a b c d e f", "x y z w"), "a b c d e . x y z w")
    assert [(each.item.name, each.units, round(each.share, 2)) for each in found.items] == [
        ("1", 5, 0.83),
        ("0", 4, 1.0),
        ("2", 4, 1.0),
    ]
    assert found.evidence("a b c d e . x y z w")["items"] == [
        ["exam", "1", 0.8333],
        ["exam", "0", 1.0],
        ["exam", "2", 1.0],
    ]


def test_a_short_passage_is_found_whole_only(guard, look):
    protection = guard("the old mill", n=4, min_words=3)
    assert [found.row for found in look(protection, "the old wheel", "The old. Mill", "an old mill")] == [1]


def test_the_span_of_an_item_is_its_longest_stretch(guard, look):
    text = "the great wheel of. and then: the old mill turns seven times"
    (found,) = look(guard(ITEM), text)
    assert [text[start:stop] for start, stop in found.spans] == [
        "the great wheel of",
        "the old mill turns seven times",
    ]
    assert found.items[0].span == found.spans[1]
    assert found.items[0].units == 10


@pytest.mark.parametrize("text", ["old mill the great wheel of x", "öld the gréat, ﬁne the great wheel of x"])
def test_a_collision_is_no_match(guard, look, monkeypatch, text):
    protection = guard(ITEM, "great wheel of x")
    honest = look(protection, text)
    assert honest[0].ngrams == 2
    # As if the hash of the first item's n-gram had been another one's.
    real = matches._stands_at

    def stands_at(protection, lookup, entry, spelled):
        return spelled[0] != "the" and real(protection, lookup, entry, spelled)

    monkeypatch.setattr(matches, "_stands_at", stands_at)
    (found,) = look(protection, text)
    assert (found.ngrams, [each.item.name for each in found.items]) == (1, ["1"])
    assert [text[start:stop] for start, stop in found.spans] == ["great wheel of x"]
    monkeypatch.setattr(matches, "_stands_at", lambda *arguments: False)
    assert look(protection, text) == []


def test_a_page_of_one_word_is_looked_through_in_little_memory(guard, look):
    (found,) = look(guard("a a a a a a"), "a " * 1_000_000)
    assert (found.ngrams, found.items[0].units, found.spans) == (999_997, 6, [(0, 1_999_999)])


def test_a_line_of_100_mb_is_looked_through(guard):
    text = "the quick brown fox jumps over the lazy dog " * 2_300_000 + ITEM
    (found,) = find(guard(ITEM, n=13), large_strings([text]))
    assert found.spans == [(len(text) - len(ITEM), len(text))]


def test_without_benchmarks_nothing_is_found(look):
    assert look(protect((), Terms()), "anything") == []


WORDS = st.lists(st.sampled_from(["a", "B", "é", "e\u0301", "ﬁ", "FI", "天", "."]), max_size=14).map(" ".join)


def slow_words(text):
    return [word for word in unicodedata.normalize("NFKC", text).casefold().split() if word != "."]


@settings(max_examples=100)
@given(items=st.lists(WORDS, min_size=1, max_size=3), documents=st.lists(WORDS, min_size=1, max_size=3))
def test_what_is_found_is_what_a_slow_search_finds(tmp_path_factory, items, documents):
    path = tmp_path_factory.mktemp("benchmark") / "items.jsonl"
    path.write_text("".join(json.dumps({"text": item}) + "\n" for item in items))
    terms = Terms(n=3, min_words=2, min_characters=0)
    found = find(protect((Benchmark(path, ("text",)),), terms), large_strings(documents))
    wanted = set()
    for item in items:
        words = slow_words(item)
        factor = 2 if 2 * words.count("天") > len(words) else 1
        length = 3 * factor if len(words) >= 3 * factor else len(words) if len(words) >= 2 * factor else 0
        wanted |= {tuple(words[at : at + length]) for at in range(len(words) - length + 1) if length}
    expected = {}
    for row, document in enumerate(documents):
        words = slow_words(document)
        places = sum(tuple(words[at : at + len(gram)]) == gram for gram in wanted for at in range(len(words)))
        if places:
            expected[row] = places
    assert {each.row: each.ngrams for each in found} == expected


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=270, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    made.train_from_iterator([ITEM, ITEM.lower()] * 3, trainer)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    made.save(str(path))
    return path


def test_ngrams_may_be_of_tokens(guard, look, tokenizer):
    vocabulary = Tokenizer.from_file(str(tokenizer))
    tokens = [len(vocabulary.encode(f" {word}").ids) for word in ITEM.lower().split()]
    assert max(tokens) > 1
    protection = guard(ITEM, n=sum(tokens) - 1, tokenizer=tokenizer)
    assert [len(lookup.index.hashes) for lookup in protection.lookups] == [2]
    text = f"Well, {ITEM.upper()}!"
    (found, odd) = look(protection, text, "nothing", text.replace("OLD", "\u200bＯＬＤ"))
    assert (found.row, odd.row, found.ngrams, odd.ngrams) == (0, 2, 2, 2)
    assert text[slice(*found.spans[0])] == ITEM.upper()
    assert found.items[0].share == 1
    # One word that differs breaks every n-gram of so many tokens.
    assert look(protection, text.replace("OLD", "NEW")) == []


def test_tokens_count_by_document(guard, look, tokenizer):
    protection = guard(ITEM, n=6, tokenizer=tokenizer)
    texts = ["", "a mill", ITEM, "?", f"x {ITEM}"]
    found = look(protection, *texts)
    assert [each.row for each in found] == [2, 4]
    assert [texts[each.row][slice(*each.spans[0])] for each in found] == [ITEM, ITEM]
    assert np.isclose([each.items[0].share for each in found], 1).all()
