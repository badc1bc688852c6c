"""Tokens by hand: what languages have of their own, pieces without end, nulls."""

import pyarrow as pa
import pytest

from headrace.pipeline.kernels.segments import segment, segment_in
from headrace.pipeline.kernels.token_rules import MAX_PIECE


def cut(texts, language=""):
    return segment_in(language)(pa.array(texts, pa.large_string()))


def tokens_of(text, language=""):
    found, data = cut([text], language).tokens, text.encode()
    return [data[start:stop].decode() for start, stop in zip(found.starts.tolist(), found.stops.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The mill's wheel (from 1872) turns.", "The|mill|'s|wheel|(|from|1872|)|turns|."),
        ("e.g. z.B. U.S. NATO. A. No.", "e.g.|z.B.|U.S.|NATO|.|A.|No|."),
        ("well-known, 3-4 and 50%…", "well|-|known|,|3|-|4|and|50|%|…"),
        ("see end.Start, http://a.bc/c_d", "see|end|.|Start|,|http://a.bc/c_d"),
        ("水車は3.5倍。Wheel", "水|車|は|3.5|倍|。|Wheel"),
        ("__init__() -> None", "_|_|init|_|_|(|)|-|>|None"),
        ("Don't say we'll, o'clock", "Do|n't|say|we|'ll|,|o'clock"),
        ("l'eau qu’il dell'ora d-i@lists.a.org", "l'|eau|qu’|il|dell'|ora|d-i@lists.a.org"),
        ("«Да — сказал он»", "«|Да|—|сказал|он|»"),
    ],
)
def test_tokens_of_languages(text, tokens):
    assert tokens_of(text) == tokens.split("|")


@pytest.mark.parametrize(
    ("language", "tokens"),
    [
        ("en", "Mühlen|-|Rad|am|1|.|Mai|,|S.|3|-|4|,|10/11"),
        ("de", "Mühlen-Rad|am|1.|Mai|,|S.|3|-|4|,|10|/|11"),
        ("pt", "Mühlen-Rad|am|1|.|Mai|,|S.|3-4|,|10/11"),
    ],
)
def test_some_languages_keep_words_with_hyphens(language, tokens):
    text = "Mühlen-Rad am 1. Mai, S. 3-4, 10/11"
    assert tokens_of(text, language) == tokens.split("|")


def test_languages_that_are_cut_alike_are_cut_once():
    assert segment_in("es") is segment_in("pt")
    assert segment_in("") is segment_in("en") is segment


def test_a_word_is_cut_the_same_wherever_its_bytes_lie():
    for pad in range(20):
        text = "x" * pad + " abcdefghij1234567 é " + "y" * pad
        assert tokens_of(text) == text.split()


def test_a_piece_without_white_space_is_cut_where_it_is_too_long():
    text = "." + "ab" * 50_000 + "é"
    found = cut([text, "x"])
    assert found.counts.words.tolist() == [1, 1]
    assert found.tokens.characters.tolist() == [MAX_PIECE, len(text) - MAX_PIECE, 1]


def test_letters_without_end_are_cut_too():
    text = "x" * (3 * MAX_PIECE + 5)
    found = cut([text, text + " y", "x" * MAX_PIECE + " y", "x" * MAX_PIECE + "."])
    lengths = [MAX_PIECE] * 3
    assert found.tokens.characters.tolist() == [*lengths, 5, *lengths, 5, 1, MAX_PIECE, 1, MAX_PIECE, 1]
    assert found.counts.words.tolist() == [1, 2, 2, 1]


def test_a_megabyte_in_one_line():
    text = "word " * 200_000
    found = cut([text])
    assert (found.counts.tokens[0], found.counts.characters[0], len(found.lines.hashes)) == (200_000, 1_000_000, 1)


def test_a_megabyte_of_line_feeds_takes_no_room():
    found = cut(["\n" * 1_000_000, "a" + "\n" * 1_000_000 + "b"])
    assert found.counts.lines.tolist() == [1_000_000, 1_000_001]
    assert found.counts.newlines.tolist() == [1_000_000, 1_000_000]
    assert found.lines.stops.tolist() == [0, 1, 2, 1, 2, 3, 1_000_002]


def test_nulls_slices_and_no_documents():
    array = pa.array(["zero", None, "one two\n", ""], pa.large_string())
    assert segment(array).counts.tokens.tolist() == [1, 0, 2, 0]
    assert segment(array[2:]).tokens.stops.tolist() == [3, 7]
    empty = segment(pa.array([], pa.large_string()))
    assert empty.tokens.offsets.tolist() == empty.lines.offsets.tolist() == [0]
