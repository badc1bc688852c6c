"""The funnel's tables, from groups made by hand."""

from headrace.pipeline.fragments.funnel import Group, funnel_table, mixture_table, reasons_table

FUNNEL = {
    Group("a", "en", "kept", "", ""): (5, 500),
    Group("a", "en", "dropped", "length", "short"): (2, 20),
    Group("a", "de", "dropped", "language", "language"): (3, 300),
    Group("b", "en", "kept", "", ""): (1, 100),
    Group("b", "", "failed", "read", "cut off"): (1, 7),
}
STAGES = ["language", "length", "exact_dedup"]


def test_each_stage_takes_its_own():
    assert funnel_table(STAGES, FUNNEL).rows == (
        ("read", 12, 927, 0, 100.0),
        ("unreadable", 11, 920, 1, 91.7),
        ("language", 8, 620, 3, 66.7),
        ("length", 6, 600, 2, 50.0),
        ("exact_dedup", 6, 600, 0, 50.0),
    )


def test_reasons_are_added_over_languages():
    more = FUNNEL | {Group("a", "fr", "dropped", "length", "short"): (1, 1)}
    assert reasons_table(more).rows[:2] == (
        ("language", "language", "a", 3, 300),
        ("length", "short", "a", 3, 21),
    )


def test_languages_and_sources_are_told_apart_at_each_stage_that_takes_any():
    table = mixture_table(STAGES, FUNNEL)
    assert table is not None
    assert table.columns[4:6] == ("unreadable", "language")
    assert table.rows == (
        ("en", "a", 7, 520, 7, 7, 5, 500, 96.2),
        ("de", "a", 3, 300, 3, 0, 0, 0, 0.0),
        ("en", "b", 1, 100, 1, 1, 1, 100, 100.0),
        ("-", "b", 1, 7, 0, 0, 0, 0, 0.0),
    )


def test_one_language_of_one_source_needs_no_table():
    assert mixture_table(STAGES, {Group("a", "", "kept", "", ""): (1, 1)}) is None
