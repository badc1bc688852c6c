"""Numbers on axes."""

import pytest

from headrace.shards.report.theme import numeral


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.8, "0.8"), (1234.5, "1,234"), (100000.0, "100,000"), (12.3456, "12.35")]
)
def test_numerals(value: float, text: str) -> None:
    assert numeral(value) == text
