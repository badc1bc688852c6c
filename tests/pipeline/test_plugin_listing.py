"""The list of what a build recipe can name."""

import pytest

from headrace.pipeline import plugin_listing
from headrace.pipeline.filters.base import FILTERS
from headrace.pipeline.plugin_listing import KINDS, describe, listings, run_list
from headrace.shards.base.errors import UsageError


@pytest.mark.parametrize("kind", KINDS)
def test_every_plugin_is_described_with_all_its_parameters(kind):
    found = {listing.name: listing for listing in listings(kind)}
    assert sorted(found) == KINDS[kind].registry.names()
    for listing in found.values():
        assert not listing.error
        assert listing.summary.endswith(".")
        assert listing.facts
        assert [each.name for each in listing.parameters if not each.meaning] == [], listing.name


def test_a_filter_tells_what_it_reads_and_drops_for():
    assert describe(KINDS["filters"], "length").facts == "reads text; drops for number_of_characters, number_of_words"
    assert describe(KINDS["readers"], "parquet").facts == "gives text; reads *.parquet"


def test_a_plugin_that_cannot_be_imported_is_listed_with_its_error(tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("import no_such_module")
    assert "no_such_module" in describe(KINDS["filters"], f"{broken}:Broken").error
    assert "there is no filter" in describe(KINDS["filters"], "gopher_qualty").error


def test_a_kind_that_does_not_exist_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'readers'"):
        run_list(("reader",))


def test_the_command_prints_each_name_and_breaks_no_line_of_a_pipe(capsys):
    run_list(("filters",))
    printed = capsys.readouterr().out
    assert all(f"\n{name}\n" in f"\n{printed}" for name in FILTERS.names())
    assert "allow: [en]  (list of text)\n        ISO 639-1 codes" in printed


def test_a_terminal_of_80_columns_holds_every_line(monkeypatch, capsys):
    narrow = plugin_listing.terminal()
    narrow.width, narrow._force_terminal, narrow.no_color = 80, True, True
    monkeypatch.setattr(plugin_listing, "terminal", lambda: narrow)
    run_list(("filters",))
    lines = [line for line in capsys.readouterr().out.splitlines() if " " in line.strip()]
    assert max(map(len, lines)) < 100  # with the terminal's codes for bold and dim
    assert any(line.startswith(" " * 8) for line in lines)
