"""Repetition against the obvious loops over strings, with the semantics of datatrove's filter."""

import re
from collections import Counter
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters.base import Record
from headrace.pipeline.filters.gopher_repetition import GopherRepetition
from headrace.pipeline.kernels.segments import segment
from headrace.pipeline.kernels.unicode_ranges import UNSPACED_RANGES

TEXTS = st.lists(st.sampled_from(["a ", "b ", "cd ", "é", "漢", "\n", "\n\n", " ", "\r\n", "\x85", ". "]), max_size=60)


def duplicates(pieces):
    seen, count, characters = set(), 0, 0
    for piece in pieces:
        if piece in seen:
            count, characters = count + 1, characters + len(piece)
        seen.add(piece)
    return count, characters


def joined(tokens):
    """Tokens with a space between two, unless both are characters of a script without spaces."""
    text = tokens[0]
    for before, token in pairwise(tokens):
        text += token if is_character(before) and is_character(token) else " " + token
    return text


def is_character(token):
    return token.isalpha() and any(first <= ord(token[0]) <= last for first, last in UNSPACED_RANGES)


def most_frequent(tokens, n):
    grams = [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
    if not grams:
        return 0
    gram, times = Counter(grams).most_common(1)[0]
    return len(joined(gram)) * times


def all_duplicates(tokens, n):
    seen, characters, at = set(), 0, 0
    while at < len(tokens) - n + 1:
        gram = tuple(tokens[at : at + n])
        if gram in seen:
            characters, at = characters + sum(map(len, gram)), at + n
        else:
            seen.add(gram)
            at += 1
    return characters


def slow_measures(text):
    found, data = segment(pa.array([text], pa.large_string())).tokens, text.encode()
    tokens = [data[start:stop].decode() for start, stop in zip(found.starts, found.stops, strict=True)]
    paragraphs, lines = re.split(r"\n{2,}", text.strip()), re.split(r"\n+", text)
    size = max(len(text), 1)
    return {
        "duplicate_paragraphs": duplicates(paragraphs)[0] / len(paragraphs),
        "duplicate_paragraph_characters": duplicates(paragraphs)[1] / size,
        "duplicate_lines": duplicates(lines)[0] / len(lines),
        "duplicate_line_characters": duplicates(lines)[1] / size,
        **{f"top_{n}_gram": most_frequent(tokens, n) / size for n in (2, 3, 4)},
        **{f"duplicate_{n}_grams": all_duplicates(tokens, n) / size for n in (5, 6, 7, 8, 9, 10)},
    }


def check(documents):
    measures = GopherRepetition().measure(batch_of([Record(None, {}, text=text) for text in documents], "text"))
    for row, text in enumerate(documents):
        found = {name: values[row] for name, values in measures.values.items()}
        assert found == pytest.approx(slow_measures(text))


@given(st.lists(TEXTS.map("".join) | st.text(st.sampled_from("ab \n"), max_size=200), min_size=1, max_size=4))
@example(
    ["", "\n", "\n\n", "a\n", "\na", "\n\na\n\n", "a\n \n\nb", " a\n\na ", "  \n\na\n\na", "a\r\n\r\na\r\n", "a\x85"]
)
@example(["a b a b a b a b a b a b a b a b a b a b", "a " * 50, "b a " * 3, "x " + "a b c d e f g h i j " * 4])
def test_measures_are_those_of_the_obvious_loops(documents):
    check(documents)


def test_real_pages(crawl_pages):
    check(crawl_pages)


def test_a_long_document_does_not_leak_into_the_next_one():
    check(["a b c d e f " * 3000, "a b c d e f", "a b c d e f", "x y"])


def test_duplicates_found_do_not_depend_on_what_else_is_in_the_batch(texts, reasons):
    some = ["again and again " * 20, " ".join(map(str, range(1000, 1100))), "\n".join(["Menu"] * 5)]
    alone = [reasons(GopherRepetition(), texts(text))[0] for text in some]
    assert reasons(GopherRepetition(), texts(*some)) == alone == ["top_2_gram", None, "duplicate_lines"]
