import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.pipeline.kernels.document_stats import GOPHER_STOP_WORDS, DocumentStats, document_stats
from headrace.pipeline.kernels.unicode_tables import BULLETS
from headrace.pipeline.kernels.word_hashes import word_hashes

tricky = st.lists(
    st.sampled_from(["the", "Be", "TO ", "b", "é", "7", "漢", "ก\u0e31", "\u0301", " ", "\t", "\x1f", "\u3000", "\0"])
    | st.sampled_from(["\n", "\r", "\r\n", "\x85", "\u2028", "\v", "\x1c"])
    | st.sampled_from([".", "..", "...", "....", "…", "#", "-", "- ", "•", "* ", "!", "\ufeff"]),
    max_size=40,
).map("".join)


def words_of(text):
    found = word_hashes(pa.array([text], pa.large_string()))
    data = text.encode()
    return [data[start:stop].decode() for start, stop in zip(found.starts, found.stops, strict=True)]


def slow_stats(text):
    """Each count by itself, with Python's own methods of strings."""
    words, lines, runs = words_of(text), text.splitlines(), text.split()
    return {
        "characters": len(text),
        "words": len(words),
        "word_characters": sum(map(len, words)),
        "alphabetic_words": sum(any(c.isalpha() for c in word) for word in words),
        "whitespace_words": len(runs),
        "alphabetic_whitespace_words": sum(any(c.isalpha() for c in run) for run in runs),
        "hashes": text.count("#"),
        "ellipses": sum(len(dots) // 3 for dots in re.findall(r"\.+", text)) + text.count("…"),
        "lines": len(lines),
        "bullet_lines": sum(line.lstrip().startswith(tuple(BULLETS)) for line in lines),
        "ellipsis_lines": sum(line.rstrip().endswith(("...", "…")) for line in lines),
        "stop_words": len({word.lower() for word in words} & set(GOPHER_STOP_WORDS)),
    }


def as_dicts(stats):
    return [{name: int(values[i]) for name, values in vars(stats).items()} for i in range(len(stats.characters))]


@given(st.lists(tricky | st.text(max_size=30), max_size=4))
@example(["a...\r\n- b\r\r\n…", "", "\n", "...", "a b\n \n#", "#" * 50])
def test_counts_are_those_of_string_methods(texts):
    assert as_dicts(document_stats(pa.array(texts, pa.large_string()))) == [slow_stats(text) for text in texts]


def test_a_page():
    text = "The cat sat... with the dog\n\n  - 12,5 kg\n• and more …\n# Done"
    [stats] = as_dicts(document_stats(pa.array([text], pa.large_string())))
    assert stats == {
        "characters": 60,
        "words": 12,
        "word_characters": 35,
        "alphabetic_words": 10,
        "whitespace_words": 15,
        "alphabetic_whitespace_words": 10,
        "hashes": 1,
        "ellipses": 2,
        "lines": 5,
        "bullet_lines": 2,
        "ellipsis_lines": 1,
        "stop_words": 3,
    }


def test_nulls_and_no_documents():
    stats = document_stats(pa.array([None, "one"], pa.large_string()))
    assert stats.characters.tolist() == [0, 3]
    assert all(len(values) == 0 for values in vars(document_stats(pa.array([], pa.large_string()))).values())
    assert all(values.dtype == np.int64 for values in vars(stats).values())


def test_stop_words_of_another_language():
    stats = document_stats(pa.array(["Über den Fluß und und den Wald"], pa.large_string()), ("über", "und", "nie"))
    assert stats.stop_words.tolist() == [2]


def test_no_stop_words_and_too_many():
    text = pa.array(["the"], pa.large_string())
    assert document_stats(text, ()).stop_words.tolist() == [0]
    assert document_stats(text, (*(f"w{i}" for i in range(63)), "the")).stop_words.tolist() == [1]
    with pytest.raises(ValueError, match="65 stop words"):
        document_stats(text, tuple(f"w{i}" for i in range(65)))


def test_any_bytes_are_counted():
    stats = document_stats(pa.array([b"\xff\xfe ab\xc3", b"\xe3\x81"], pa.large_binary()))
    assert isinstance(stats, DocumentStats)
    assert stats.characters.tolist() == [6, 2]
    assert stats.words.tolist() == [1, 0]
