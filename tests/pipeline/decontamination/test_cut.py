"""GPT-3's rules of cutting, and that nothing is left."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.pipeline.decontamination.benchmarks import Benchmark
from headrace.pipeline.decontamination.cut import Scissors, cut
from headrace.pipeline.decontamination.findings import find
from headrace.pipeline.decontamination.protection import protect
from headrace.pipeline.decontamination.units import large_strings
from headrace.pipeline.decontamination.windows import Terms

ITEM = "the great wheel of the old mill"


def snip(protection, text, **scissors):
    found = find(protection, large_strings([text]))
    (left,) = cut(protection, [text], found, Scissors(**scissors))
    return left


def test_context_goes_with_the_span_and_short_pieces_are_discarded(guard):
    text = "x" * 50 + " " + "y" * 20 + f" {ITEM} " + "z" * 20 + " " + "w" * 9
    left = snip(guard(ITEM, n=7), text, context=21, min_piece=11)
    assert left.text == "x" * 50 + " "
    assert left.pieces == 2
    assert left.removed == [(51, len(text))]


def test_spans_whose_contexts_overlap_are_one_cut(guard):
    text = "x" * 30 + f" {ITEM} " + "y" * 10 + f" {ITEM} " + "z" * 30
    left = snip(guard(ITEM, n=7), text, context=6, min_piece=1)
    assert (left.text, left.pieces) == ("x" * 25 + "\n\n" + "z" * 25, 2)


def test_with_nothing_left_there_is_no_text(guard):
    left = snip(guard(ITEM, n=7), f"short {ITEM} short", context=200, min_piece=200)
    assert (left.text, left.pieces, left.removed) == ("", 0, [(0, 43)])


def test_a_seam_that_brings_an_ngram_back_is_cut_again(guard):
    item = "one two three four"
    text = "aaaa one two" + f" {ITEM} " + "three four bbbb"
    left = snip(guard(ITEM, item), text, context=1, min_piece=1)
    assert left.text == "aaaa\n\nbbbb"
    assert left.removed == [(4, len(text) - 4)]


def test_pieces_are_counted_with_those_too_short_to_keep(guard):
    text = f" {'k' * 20} {ITEM} ".join(["q" * 5] * 4)
    left = snip(guard(ITEM, n=7), text, context=1, min_piece=6)
    assert left.pieces == 4 + 0
    assert left.text.count("k") == 60


PIECES = ["the great wheel", "of the old mill", "great wheel of", "the", "old mill", "x", "y.", "ﬁne", "\u00ad"]


@settings(max_examples=150)
@given(
    parts=st.lists(st.sampled_from(PIECES), max_size=25),
    context=st.integers(0, 12),
    min_piece=st.integers(1, 12),
)
def test_after_a_cut_nothing_is_found_and_only_pieces_of_the_text_are_left(tmp_path_factory, parts, context, min_piece):
    path = tmp_path_factory.mktemp("benchmark") / "items.jsonl"
    path.write_text('{"text": "the great wheel of the old mill"}\n{"text": "mill the fine wheel of x"}')
    protection = protect((Benchmark(path, ("text",)),), Terms(n=4, min_characters=0))
    text = " ".join(parts)
    found = find(protection, large_strings([text]))
    lefts = cut(protection, [text] * len(found), found, Scissors(context, min_piece))
    for left in lefts:
        assert find(protection, large_strings([left.text])) == []
        kept, at = [], 0
        for start, stop in left.removed:
            kept.append(text[at:start])
            at = stop
        kept = [piece for piece in [*kept, text[at:]] if piece]
        assert left.text == "\n\n".join(kept)
        assert all(len(piece) >= min_piece for piece in kept)
        assert left.pieces >= len(kept)


@pytest.mark.parametrize("context", [0, 200])
def test_many_documents_are_cut_at_once(guard, context):
    protection = guard(ITEM)
    texts = [f"{number} " * 300 + ITEM + f" {number}" * 300 for number in range(5)]
    found = find(protection, large_strings(texts))
    lefts = cut(protection, texts, found, Scissors(context, 200))
    assert [left.pieces for left in lefts] == [2] * 5
    assert all(left.text.split() == [str(number)] * len(left.text.split()) for number, left in enumerate(lefts))
