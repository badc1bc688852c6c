"""Which slow tests run: none by default, a slice of them with `--slow-slice 3/8`, every one with `--slow-slice all`."""

import zlib

import pytest
from hypothesis import settings

# A shared machine may stall any example; what is slow is marked, not timed.
settings.register_profile("headrace", deadline=None)
settings.load_profile("headrace")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow-slice", default="", help="run the slow tests too: 'all', or 'K/N' for a fixed Nth of them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = str(config.getoption("--slow-slice"))
    if wanted == "all":
        return
    turn, _, parts = wanted.partition("/")
    skip = pytest.mark.skip(reason="slow; run by scripts/test --all")
    named = [argument for argument in config.invocation_params.args if "::" in str(argument)]
    for item in items:
        if "slow" not in item.keywords or any(str(argument) in item.nodeid for argument in named):
            continue
        # A test keeps its slice whatever else is added: which slice it is depends on its name alone.
        if not parts or zlib.crc32(item.nodeid.encode()) % int(parts) != int(turn):
            item.add_marker(skip)
