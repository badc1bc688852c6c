"""The audit's words are those of the definition, which the kernels follow, too; the two share no code."""

import unicodedata

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.pipeline.audit.words import characters, is_unspaced, words_of
from headrace.pipeline.decontamination.normal_form import normal_form
from headrace.pipeline.decontamination.units import make_units
from headrace.pipeline.kernels.unicode_tables import UNSPACED, unicode_tables


def kernel_words(texts):
    units = make_units(pa.array([normal_form(text) for text in texts], pa.large_string()))
    bounds = units.offsets.tolist()
    return [list(units.spelled(row, 0, bounds[row + 1] - bounds[row])) for row in range(len(texts))]


def lowered(words):
    """Folding a case twice changes nothing but Cherokee's, which folds to capitals and is then lowered."""
    return ["".join(character.lower()[0] for character in word) for word in words]


@settings(max_examples=300)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_words_of_any_text(text):
    assert lowered(words_of(text)) == kernel_words([text])[0]


def test_words_around_every_character():
    codes = [code for code in range(0x80, 0x40000) if not 0xD800 <= code < 0xE000 and not 0x3500 <= code < 0x9F00]
    texts = [f"ab{chr(code)}c{chr(code)}" for code in codes[::3]]
    for text, words in zip(texts, kernel_words(texts), strict=True):
        assert lowered(words_of(text)) == words, hex(ord(text[2]))


def test_scripts_without_spaces_are_those_of_the_definition():
    tables = unicode_tables()
    for code in range(0x80, 0x40000):
        letter = unicodedata.category(chr(code)).startswith("L")
        entry = tables.pages[int(tables.index[code >> 7]) << 7 | code & 127]
        assert (letter and is_unspaced(chr(code))) == bool(entry & UNSPACED), hex(code)


def test_a_character_of_a_script_without_spaces_counts_for_two():
    assert characters(words_of("Two words: 天気")) == 8 + 4
    assert characters(words_of("ที่")) == 4
