"""Every extractor that can be named."""

import pytest

from headrace.pipeline.contracts.extractors import check_extractor
from headrace.pipeline.extractors.base import EXTRACTORS


@pytest.mark.parametrize("name", EXTRACTORS.names())
def test_an_extractor_keeps_its_contract(name):
    assert check_extractor(name) == []
