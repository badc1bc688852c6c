"""The list of filters."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from headrace.pipeline.filters.base import FILTERS
from headrace.pipeline.plugin_listing import describe, list_filters, parameter_docs, run_list, type_text


def test_every_filter_is_described_with_all_its_parameters():
    listings = {listing.name: listing for listing in list_filters()}
    assert sorted(listings) == FILTERS.names()
    for listing in listings.values():
        assert not listing.error
        assert listing.summary.endswith(".")
        assert listing.reasons
        assert all(parameter.meaning for parameter in listing.parameters), listing.name


def test_a_parameter_shows_type_default_and_meaning():
    (allow, confidence, _) = describe("language").parameters
    assert (allow.name, allow.type, allow.default) == ("allow", "tuple[str, ...]", '["en"]')
    assert (confidence.type, confidence.default) == ("float", "0.65")
    assert "at least" in confidence.meaning
    longest = {parameter.name: parameter.default for parameter in describe("length").parameters}
    assert longest["max_chars"] == ".inf"


def test_a_filter_that_cannot_be_imported_is_listed_with_its_error(tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("import no_such_module")
    assert "no_such_module" in describe(f"{broken}:Broken").error
    assert "there is no filter" in describe("gopher_qualty").error


@dataclass
class Documented:
    """What it is.

    Args:
        first: A meaning
            on two lines.
        second: Another one: with a colon.

    More of it.
    """

    first: Annotated[int, Field(ge=1)]
    second: list[str] | None = field(default_factory=list)


def test_meanings_are_read_from_the_docstring():
    assert parameter_docs(Documented) == {"first": "A meaning on two lines.", "second": "Another one: with a colon."}
    assert parameter_docs(int) == {}


def test_types_read_as_one_writes_them():
    assert type_text(tuple[str, ...]) == "tuple[str, ...]"
    assert type_text(list[str] | None) == "list[str] | None"
    assert type_text(dict[str, tuple[int, float]]) == "dict[str, tuple[int, float]]"


def test_the_command_prints_each_name(capsys):
    run_list()
    printed = capsys.readouterr().out
    assert all(name in printed for name in FILTERS.names())
