"""Bounds on characters and words."""

from headrace.pipeline.filters.length import Length


def test_bounds_include_themselves(texts, reasons):
    batch = texts("", "a", "ab cd", "ab cd ef", "é😀")
    characters, words = "number_of_characters", "number_of_words"
    assert reasons(Length(), batch) == [characters, None, None, None, None]
    assert reasons(Length(min_chars=2, max_chars=5), batch) == [characters, characters, None, characters, None]
    assert reasons(Length(min_chars=0, min_words=2, max_words=2), batch) == [words, words, None, words, words]


def test_characters_are_code_points(texts):
    assert Length().measure(texts("é😀", "水車")).values["characters"].tolist() == [2, 2]
