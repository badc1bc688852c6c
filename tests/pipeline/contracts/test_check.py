"""`headrace plugins check`, on plug-ins of each kind."""

import pytest

from headrace.pipeline.contracts.check import run_check
from headrace.shards.base.contracts import contracts
from headrace.shards.base.errors import PluginError

FILTER = """
from headrace.pipeline.filters.base import Drop, Record, record_filter

@record_filter("odd")
def good(record):
    return None

@record_filter("odd")
def bad(record):
    return Drop("even")

EXAMPLES = ((Record(None, {}, text="a"), None),)
"""

READER = """
from dataclasses import dataclass
from headrace.pipeline.readers.base import Reader
from headrace.pipeline.records import BatchBuilder

@dataclass(frozen=True)
class Good(Reader):
    payload, patterns = "text", ("*.txt",)
    def read(self, file, span):
        builder = BatchBuilder("text")
        if data := file.read():
            builder.add(0, data.decode(errors="replace"))
        yield from builder.rest()

class Bad(Good):
    def read(self, file, span):
        builder = BatchBuilder("text")
        builder.add(0, file.read().decode("ascii"))
        yield from builder.rest()

@dataclass(frozen=True)
class Unfinished(Reader):
    patterns = ("*.txt",)

EXAMPLES = (("é".encode(), ("é",)),)
"""


@pytest.fixture
def plugin(tmp_path):
    def write(source, name):
        path = tmp_path / "own.py"
        path.write_text(source)
        return f"{path}:{name}"

    return write


@pytest.mark.parametrize("name", ["length", "jsonl", "resiliparse"])
def test_a_built_in_plugin_of_each_kind_is_found_by_its_name(name, capsys):
    run_check(name)
    printed = capsys.readouterr().out
    assert "holds" in printed
    assert "broken" not in printed
    assert "not run" not in printed


@pytest.mark.parametrize(("source", "name"), [(FILTER, "good"), (READER, "Good")])
def test_the_kind_of_a_users_plugin_is_told_from_its_class(plugin, source, name, capsys):
    run_check(plugin(source, name))
    assert "broken" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "name", "law"),
    [(FILTER, "bad", "it survives every record"), (READER, "Bad", "no bytes make it raise")],
)
def test_a_breach_is_shown_and_raised(plugin, source, name, law, capsys):
    with pytest.raises(PluginError, match=f"breaks its contract.*Expected: {law}"):
        run_check(plugin(source, name))
    assert f"broken  {law}" in capsys.readouterr().out


def test_a_plugin_that_lacks_a_part_is_told_what_is_missing(plugin):
    with pytest.raises(PluginError, match=r"Unfinished lacks .* Found: no payload, no read\."):
        run_check(plugin(READER, "Unfinished"))


def test_what_has_no_contract_is_told(plugin):
    with pytest.raises(PluginError, match="Did you mean 'length'"):
        run_check("lenght")
    with pytest.raises(PluginError, match="nothing that has a contract"):
        run_check(plugin(FILTER, "EXAMPLES"))


def test_each_contract_lists_every_law_once():
    for contract in contracts():
        laws = (*contract.first, *contract.laws)
        assert len(set(laws)) == len(laws) > 3
