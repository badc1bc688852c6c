"""Corrections of lines against the obvious loop over them."""

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters.base import Record
from headrace.pipeline.filters.line_corrections import COUNTERS, LineCorrections
from headrace.pipeline.kernels.word_hashes import word_hashes


def measured(*texts, **parameters):
    return LineCorrections(**parameters).measure(batch_of([Record(None, {}, text=text) for text in texts], "text"))


def corrected(*texts, **parameters):
    found = measured(*texts, **parameters)
    return list(texts) if found.edited is None else found.edited.to_pylist()


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("The mill turns.", None),
        ("HOME AND NEWS", ""),
        ("ÜBER UNS", ""),
        ("USA and UK", ""),
        ("The USA now", None),
        ("12.05.2024 - 13:30", ""),
        ("2 000", ""),
        ("* * *", None),
        ("3 likes", ""),
        ("1,5k Views", ""),
        ("12 mills", None),
        ("3 likes it", None),
        ("12likes", ""),
        ("Share", ""),
        ("Share it", None),
        ("川の水", None),
        ("水", ""),
        ("Sign-in to the mill", " to the mill"),
        ("  sign-in", ""),
        ("sign-ins are many", None),
        ("The mill turns. Read more...", "The mill turns. "),
        ("Read more…", ""),
        ("There are 3 items in cart today", "There are 3  today"),
        ("items in cart", ""),
        ("a b c d e f g h i items in cart", None),
    ],
)
def test_lines(line, left):
    text = f"The mill turns.\n{line}\r\nIt stands still."
    removed = "The mill turns.\nIt stands still."
    assert corrected(text) == [text if left is None else removed if not left else text.replace(line, left)]


def test_share_and_account(texts, reasons):
    good = "The river feeds the mill and the wheel turns.\n"
    batch = texts(good * 7 + "3 likes\n", good + "3 likes\nHOME NEWS\nShare\n12\nsign-in here now", "", "\n\n")
    found = LineCorrections().measure(batch)
    assert found.values["flagged_words"].tolist() == [2 / 65, pytest.approx(10 / 19), 0, 0]
    assert found.edits == [
        {"bytes": -8, "counter": 1},
        {"bytes": -34, "upper": 1, "numeric": 1, "counter": 1, "few_words": 1, "cut": 1},
        None,
        None,
    ]
    assert reasons(LineCorrections(), batch) == [None, "flagged_words", None, None]
    assert reasons(LineCorrections(max_flagged_words=0.6), batch) == [None] * 4
    assert LineCorrections().bounds == {"max_flagged_words"}


def test_everything_else_is_a_parameter():
    assert corrected("HOME NEWS", max_upper=1) == ["HOME NEWS"]
    assert corrected("Share it", min_words=3) == [""]
    assert corrected("3 wheels\n3 likes", counters=("wheels",)) == ["3 likes"]
    assert corrected("Menu: the mill ok", at_start=("menu:",), at_end=("ok",), anywhere=("the",)) == ["  mill "]
    assert corrected("sign-in to mills", short_line=2) == ["sign-in to mills"]


def words_in(text):
    return len(word_hashes(pa.array([text], pa.large_string())).hashes)


def slow_line(line):
    """The line as it is left, and whether it was flagged."""
    text = line.strip()
    letters = [character for character in text if character.isalpha()]
    digits = any(character.isdigit() for character in text)
    if sum(map(str.isupper, letters)) > len(letters) / 2:
        return "", True
    if digits and not letters:
        return "", True
    if re.fullmatch(rf"[\d.,]+[km]?\s+(?:{'|'.join(COUNTERS)})", text, re.IGNORECASE) and digits:
        return "", True
    if 0 < words_in(text) < 2:
        return "", True
    if not 0 < words_in(text) <= 10:
        return line, False
    cut = re.sub(r"\Asign-in(?![A-Za-z0-9])", "", text, flags=re.IGNORECASE)
    cut = re.sub(r"(?<![A-Za-z0-9])read more(?:\.\.\.|…)\Z", "", cut, flags=re.IGNORECASE)
    cut = re.sub(r"(?<![A-Za-z0-9])items in cart(?![A-Za-z0-9])", "", cut, flags=re.IGNORECASE)
    if cut == text:
        return line, False
    return (line.replace(text, cut) if words_in(cut) else ""), True


PIECES = st.sampled_from(
    [
        *(
            "The ",
            "MILL ",
            "turns",
            " ",
            "\n",
            "\n",
            "\r\n",
            "3 ",
            "12",
            "likes",
            "Views",
            "k ",
            ",",
            ". ",
            "é ",
            "ÀÉ",
            "水",
        ),
        *(
            "sign-in ",
            "Sign-In",
            "Read More...",
            " read more…",
            "items in cart ",
            " items in Cart",
            "x",
            "\u3000",
            "* ",
        ),
    ]
)


@given(texts=st.lists(st.lists(PIECES, max_size=20).map("".join), min_size=1, max_size=3))
def test_lines_are_those_of_the_obvious_loop(texts):
    found = measured(*texts)
    edited = texts if found.edited is None else found.edited.to_pylist()
    for row, text in enumerate(texts):
        lines = text.splitlines(keepends=True)
        results = [slow_line(line) for line in lines]
        assert edited[row] == "".join(left for left, _ in results)
        flagged = sum(words_in(line) for line, (_, flag) in zip(lines, results, strict=True) if flag)
        assert found.values["flagged_words"][row] == pytest.approx(flagged / max(words_in(text), 1))
        assert (found.edits[row] is None) == (edited[row] == text)
