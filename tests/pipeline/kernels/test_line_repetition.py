import re

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.pipeline.kernels.buffers import text_buffers
from headrace.pipeline.kernels.feed_lines import feed_lines
from headrace.pipeline.kernels.line_repetition import line_repetition
from headrace.pipeline.kernels.segments import segment

TEXTS = st.lists(st.sampled_from(["a", "b", "é", "\n", "\n\n", " ", "\t", "\r\n", "\x85", "\u2028"]), max_size=30)


def duplicates(pieces):
    again = [piece for row, piece in enumerate(pieces) if piece in pieces[:row]]
    return len(again), sum(map(len, again)), sum(len(piece) for piece in again if not piece.strip())


def slow_counts(text):
    lines, paragraphs = re.split(r"\n+", text), re.split(r"\n{2,}", text.strip())
    return {
        "lines": len(lines),
        "duplicate_lines": duplicates(lines)[0],
        "duplicate_line_characters": duplicates(lines)[1],
        "duplicate_blank_characters": duplicates(lines)[2],
        "paragraphs": len(paragraphs),
        "duplicate_paragraphs": duplicates(paragraphs)[0],
        "duplicate_paragraph_characters": duplicates(paragraphs)[1],
    }


@given(st.lists(TEXTS.map("".join).filter(bool), max_size=5))
@example(
    ["a\n\na", " a\n\na ", "\n", "\n\n", "\na\n", "a\n \n\n \na", "a\r\n\r\na\r\n\r\na", "a\x85\n\na", "é\n\n\u2028é"]
)
@example(["  \n\nab\nb\n\nab\nb\n\nab b", "\t\n\t\n\t"])
def test_pieces_are_those_of_regular_expressions(texts):
    array = pa.array(texts, pa.large_string())
    buffers = text_buffers(array)
    counts = vars(line_repetition(buffers, feed_lines(buffers, segment(array).lines)))
    found = [{name: int(values[row]) for name, values in counts.items()} for row in range(len(texts))]
    assert found == [slow_counts(text) for text in texts]


def test_an_empty_document_has_no_lines():
    array = pa.array(["", None, "a"], pa.large_string())
    buffers = text_buffers(array)
    assert line_repetition(buffers, segment(array).lines).lines.tolist() == [0, 0, 1]
