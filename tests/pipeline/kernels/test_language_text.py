import unicodedata

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from py3langid.langid import LanguageIdentifier

from headrace.pipeline.kernels.language_text import CODE_POINTS, prepare

tricky = st.text(st.sampled_from("aZ é\u0301\u0323\u0327कʰ\u093c漢か\u3099가\u11a8가ǅªⅣⓐ𝒜🎉\U0002f800"))


def contents(part):
    return {
        row: bytes(part.data[start:stop])
        for row, start, stop in zip(part.rows.tolist(), part.starts, part.stops, strict=True)
    }


@given(st.lists(st.text() | tricky | tricky.map(str.upper)), st.integers(1, 10))
def test_texts_are_read_as_py3langid_reads_them(texts, characters):
    as_it_is, rewritten = prepare(pa.array(texts, pa.large_string()), characters)
    found = contents(as_it_is) | contents(rewritten)
    assert [found[row] for row in range(len(texts))] == [
        LanguageIdentifier._encode(text[:characters]) for text in texts
    ]


def test_every_character_alone_and_behind_a_letter_is_rewritten_where_that_changes_it():
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    for texts in (characters, ["e" + character for character in characters]):
        as_it_is, rewritten = prepare(pa.array(texts, pa.large_string()), 10)
        for row in as_it_is.rows.tolist():
            assert unicodedata.is_normalized("NFC", texts[row])
            assert not texts[row].isupper()
        # Those that are rewritten are few, or it would be no gain to tell them.
        assert np.isin(rewritten.rows, np.flatnonzero([text.isupper() for text in texts]), invert=True).sum() < 1_400


def test_beyond_the_table_nothing_changes():
    assert all(
        unicodedata.is_normalized("NFC", chr(code)) and not chr(code).isupper() and not unicodedata.combining(chr(code))
        for code in range(CODE_POINTS, 0x110000)
    )
