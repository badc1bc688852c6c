import sys
import unicodedata

import numpy as np
import pytest

from headrace.pipeline.kernels.unicode_tables import (
    BULLET,
    BULLETS,
    CASE_SHIFT,
    DIGIT,
    LETTER,
    LINE_BREAK,
    MARK,
    PAGE_BITS,
    PAGE_SIZE,
    SPACE,
    UNSPACED,
    lower,
    unicode_tables,
)


def entry(code):
    tables = unicode_tables()
    return int(tables.pages[int(tables.index[code >> PAGE_BITS]) << PAGE_BITS | code & (PAGE_SIZE - 1)])


def test_every_code_point_has_the_class_that_python_gives_it():
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)[0]
        if len(f"a{character}b".splitlines()) == 2:
            expected = {LINE_BREAK}
        elif character.isspace():
            expected = {SPACE}
        elif category == "L":
            expected = {LETTER, UNSPACED}
        else:
            expected = {{"M": MARK, "N": DIGIT}.get(category, 0)}
        found = entry(code)
        assert found & 0x3F in expected, hex(code)
        assert bool(found & BULLET) == (character in BULLETS), hex(code)


def test_every_code_point_has_the_lower_case_that_python_gives_it():
    for code in range(sys.maxunicode + 1):
        assert chr(code + (entry(code) >> CASE_SHIFT)) == chr(code).lower()[0], hex(code)


@pytest.mark.parametrize("character", "aéжעअ한ㄅꙮ")
def test_letters_of_other_scripts_are_letters(character):
    assert entry(ord(character)) & LETTER


def test_ascii_is_page_zero():
    np.testing.assert_array_equal(unicode_tables().pages[:PAGE_SIZE], [entry(code) for code in range(PAGE_SIZE)])


def test_lower_keeps_the_length():
    assert lower("ΑΣ İ ẞ") == "ας i ß".replace("ς", "σ")
