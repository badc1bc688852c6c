"""How a table's cells read: thousands separators, numeric columns to the right, one column as bars."""

import math
from typing import TypeGuard

from ..base.errors import InputError
from ..base.report import Cell, Table


def cell_texts(table: Table) -> list[list[str]]:
    """What a table shows, row by row: thousands separators, and in a numeric column the points one below another.

    Raises:
        InputError: A row has not as many cells as there are columns.
    """
    for row in table.rows:
        if len(row) != len(table.columns):
            raise InputError(
                f"the table '{table.title}' cannot be shown",
                found=f"a row of {len(row)} cells under {len(table.columns)} columns",
            )
    numeric = numeric_columns(table)
    decimals = [_decimals(table, place) if numeric[place] else None for place in range(len(table.columns))]
    return [[_text(value, digits) for value, digits in zip(row, decimals, strict=True)] for row in table.rows]


def numeric_columns(table: Table) -> list[bool]:
    """Which columns hold numbers and nothing else (missing cells apart)."""
    columns = zip(*table.rows, strict=True) if table.rows else [()] * len(table.columns)
    present = [[value for value in column if value is not None] for column in columns]
    return [bool(values) and all(map(_is_number, values)) for values in present]


def bar_lengths(table: Table) -> list[str]:
    """The length of each row's bar in the highlighted column, as a share of the longest; empty for no bar."""
    if table.highlight not in table.columns:
        return [""] * len(table.rows)
    place = table.columns.index(table.highlight)
    column = [row[place] for row in table.rows]
    numbers = [max(float(value), 0.0) if _is_number(value) and math.isfinite(value) else 0.0 for value in column]
    longest = max(numbers, default=0.0)
    return [f"{each / longest:.4f}" if each else "" for each in numbers]


def _text(value: Cell, decimals: int | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return f"{value:,}" if decimals is None else f"{value:,.{decimals}f}"


def _decimals(table: Table, place: int) -> int | None:
    """How many digits behind the point show every number of a column as it is given; None if some have exponents."""
    texts = [repr(row[place]) for row in table.rows if row[place] is not None]
    if not all(text.replace("-", "", 1).replace(".", "", 1).isdecimal() for text in texts):
        return None
    return max((len(text.partition(".")[2]) for text in texts), default=0)


def _is_number(value: Cell) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
