import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.pipeline.kernels.buffers import text_buffers
from headrace.pipeline.kernels.unicode_tables import CODE_POINTS, PAGE_BITS, PAGE_SIZE, UNSPACED, unicode_tables
from headrace.pipeline.kernels.word_hashes import normalized_words, word_hashes

UNSPACED_NAMES = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA", "KATAKANA", "HENTAIGANA")
UNSPACED_NAMES += (
    "HALFWIDTH KATAKANA",
    "IDEOGRAPHIC",
    "VERTICAL KANA",
    "VERTICAL IDEO",
    "MASU",
    "THAI",
    "LAO",
    "KHMER",
    "MYANMAR",
)

tricky = st.text(st.sampled_from("aZ9_ .'-\n\0\u0301\u0e31ßİΣKⱯéÉ漢字ひらカーกัນမကដᎣ한١𝒜𠮷\u200d\ufeff🎉\U000e0100"))


def is_unspaced(character):
    return unicodedata.category(character)[0] == "L" and unicodedata.name(character, "").startswith(UNSPACED_NAMES)


def reference_words(text):
    """The definition of a word, read out character by character."""
    words, word = [], ""
    for character in text:
        kind = unicodedata.category(character)[0]
        joins = word and (kind == "M" or (kind in "LN" and not is_unspaced(word[0]) and not is_unspaced(character)))
        if joins:
            word += character
        else:
            words.append(word)
            word = character if kind in "LN" else ""
    words.append(word)
    return tuple(word for word in words if word)


def test_the_scripts_without_spaces_are_those_of_these_names():
    tables = unicode_tables()
    codes = np.arange(CODE_POINTS)
    entries = tables.pages[tables.index[codes >> PAGE_BITS].astype(np.int64) << PAGE_BITS | codes % PAGE_SIZE]
    assert np.flatnonzero(entries & UNSPACED).tolist() == [code for code in codes.tolist() if is_unspaced(chr(code))]


def words_of(texts):
    buffers, words = text_buffers(texts), word_hashes(texts)
    counts = (words.offsets[1:] - words.offsets[:-1]).tolist()
    return [normalized_words(buffers, words, document, 0, count) for document, count in enumerate(counts)]


@given(st.lists(tricky | st.text(), max_size=4))
@example(["", "\0", "\u0301", "a\u0301\u0301", "\u0301a", "a" * 10_000, "漢\u0301字"])
def test_words_are_those_of_the_definition(some):
    expected = [
        tuple("".join(character.lower()[0] for character in word) for word in reference_words(text)) for text in some
    ]
    assert words_of(pa.array(some, pa.large_string())) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't e-mail_me: 3.5 × 10⁶", ("don", "t", "e", "mail", "me", "3", "5", "10⁶")),
        ("Ein ÜBUNG straße", ("ein", "übung", "straße")),
        ("ภาษาไทย", ("ภ", "า", "ษ", "า", "ไ", "ท", "ย")),
        ("กั้น", ("กั้", "น")),
        ("日本語のtext", ("日", "本", "語", "の", "text")),
        ("नमस्ते दुनिया", ("नमस्ते", "दुनिया")),
        ("한국어 조선말", ("한국어", "조선말")),
        ("שָׁלוֹם", ("שָׁלוֹם",)),
    ],
)
def test_words_of_languages(text, words):
    assert words_of(pa.array([text], pa.large_string())) == [words]
