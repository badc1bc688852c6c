"""Every view of one's own that can be named, and that of the examples, keeps the contract."""

from pathlib import Path

import pytest

from headrace.trainers.contracts.views import check_view
from headrace.trainers.samples.views.own.base import VIEWS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", [*VIEWS.names(), "examples/custom_view/cutout.py:Cutout"])
def test_it_keeps_the_contract(name):
    view = VIEWS.load(name, ROOT)
    if not view.examples:
        pytest.skip(f"'{name}' brings no example: what it stands on is not installed")
    assert check_view(view) == []
