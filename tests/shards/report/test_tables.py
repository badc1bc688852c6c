"""Cells read as numbers do: separators, equal digits behind the point, bars relative to the longest."""

import pytest

from headrace.shards.base.errors import InputError
from headrace.shards.base.report import Table
from headrace.shards.report.tables import bar_lengths, cell_texts, numeric_columns

TABLE = Table(
    title="funnel",
    columns=("stage", "kept", "share", "mixed", "seen"),
    rows=(("warc", 1200, 1.0, "x", True), ("length", 300, 0.257, 1, False), ("empty", 0, None, None, None)),
    highlight="kept",
)


def test_cells() -> None:
    assert cell_texts(TABLE) == [
        ["warc", "1,200", "1.000", "x", "yes"],
        ["length", "300", "0.257", "1", "no"],
        ["empty", "0", "–", "–", "–"],
    ]


def test_numbers_with_exponents_stay_as_they_are() -> None:
    table = Table(title="t", columns=("loss",), rows=((1e-7,), (-0.25,)))
    assert cell_texts(table) == [["1e-07"], ["-0.25"]]


def test_only_columns_of_numbers_are_numeric() -> None:
    assert numeric_columns(TABLE) == [False, True, True, False, False]
    assert numeric_columns(Table(title="t", columns=("a", "b"), rows=())) == [False, False]


def test_bars_are_shares_of_the_longest() -> None:
    assert bar_lengths(TABLE) == ["1.0000", "0.2500", ""]
    assert bar_lengths(TABLE.model_copy(update={"highlight": "stage"})) == ["", "", ""]
    assert bar_lengths(TABLE.model_copy(update={"highlight": ""})) == ["", "", ""]


def test_a_ragged_table_is_refused() -> None:
    with pytest.raises(InputError, match="a row of 1 cells under 2 columns"):
        cell_texts(Table(title="t", columns=("a", "b"), rows=((1,),)))


def test_a_number_without_bounds_has_no_bar() -> None:
    rows = ((float("nan"),), (float("inf"),), (2.0,))
    assert bar_lengths(Table(title="t", columns=("a",), rows=rows, highlight="a")) == ["", "", "1.0000"]
