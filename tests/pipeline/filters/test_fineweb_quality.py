"""FineWeb's rules against the obvious loop over lines."""

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters.base import Record
from headrace.pipeline.filters.fineweb_quality import FinewebQuality
from headrace.pipeline.kernels.segments import segment
from headrace.pipeline.kernels.unicode_ranges import SENTENCE_TERMINAL_RANGES

TERMINAL = tuple(chr(code) for first, last in SENTENCE_TERMINAL_RANGES for code in range(first, last + 1))
TEXTS = st.lists(
    st.sampled_from(["word. ", "word.", "a long line of words ", "。", '"', "\n", "\n\n", " ", "\r\n", "\x85", "।"]),
    max_size=60,
)


def slow_measures(text):
    lines = [line for line in text.split("\n") if line.strip()]
    repeated = sum(len(line) for row, line in enumerate(lines) if line in lines[:row])
    tokens = len(segment(pa.array([text], pa.large_string())).tokens.hashes)
    number = max(len(lines), 1)
    return {
        "ended_lines": sum(line.endswith(TERMINAL) for line in lines) / number,
        "short_lines": sum(len(line) <= 30 for line in lines) / number,
        "duplicate_line_characters": repeated / max(len(text.replace("\n", "")), 1),
        "newlines": text.count("\n") / max(tokens, 1),
    }


def check(documents):
    measures = FinewebQuality().measure(batch_of([Record(None, {}, text=text) for text in documents], "text"))
    for row, text in enumerate(documents):
        found = {name: values[row] for name, values in measures.values.items()}
        assert found == pytest.approx(slow_measures(text))


@given(st.lists(TEXTS.map("".join), min_size=1, max_size=4))
@example(["", "\n", "a.\r\nb.\r\n", "a.\x85\nb", "\x85a.\n", " \n \n", "a. \na."])
def test_measures_are_those_of_the_obvious_loop(documents):
    check(documents)


def test_real_pages(crawl_pages):
    check(crawl_pages)


def test_what_ends_a_sentence_is_punctuation():
    assert {unicodedata.category(mark) for mark in TERMINAL} <= {"Po", "Cn"}


def test_what_a_short_line_is_can_be_changed(texts, reasons):
    batch = texts("\n".join(f"The mill wheel number {number}." for number in range(10)))
    assert reasons(FinewebQuality(), batch) == ["short_lines"]
    assert reasons(FinewebQuality(short_line=20), batch) == [None]
