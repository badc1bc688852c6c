"""The contract that every pretext keeps, on the examples it brings; a new file in `pretext/` is tried by itself."""

import pytest

from headrace.trainers.contracts.pretexts import check_pretext
from headrace.trainers.registries import PRETEXTS


@pytest.mark.parametrize("name", PRETEXTS.names())
def test_it_keeps_the_contract(name):
    assert check_pretext(name) == []


@pytest.mark.parametrize("name", PRETEXTS.names())
def test_it_brings_the_numbers_of_its_paper(name):
    assert {"small", "paper"} <= PRETEXTS.load(name).recipes.keys()
