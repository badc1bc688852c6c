"""Filters that go by bytes, lines or patterns, on texts that no crawl should hold."""

import pytest

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters._lists import Entries
from headrace.pipeline.filters.base import Record
from headrace.pipeline.filters.c4_quality import C4Quality
from headrace.pipeline.filters.line_corrections import LineCorrections
from headrace.pipeline.filters.pii import Pii
from headrace.pipeline.filters.regex import Regex
from headrace.pipeline.filters.unwanted_words import UnwantedWords

PLUGINS = {
    "c4_quality": C4Quality(),
    "line_corrections": LineCorrections(),
    "pii": Pii(),
    "regex": Regex(r"(?i)\b[a-z]+@[a-z]+\.[a-z]+\b"),
    "unwanted_words": UnwantedWords(words=Entries(("mill wheel", "水車"))),
}

HUGE = 100_000_000


@pytest.mark.slow
@pytest.mark.parametrize("name", PLUGINS)
@pytest.mark.parametrize(
    "unit",
    ["x", "The mill turns. ", f"jo@mill.net{' turns' * 50}", "1.", "[1", "水", "\n"],
)
def test_a_hundred_megabytes(name, unit):
    text = unit * (HUGE // len(unit.encode()))
    batch = batch_of([Record(None, {}, text="before"), Record(None, {}, text=text)], "text")
    verdicts = PLUGINS[name].judge(batch)
    assert len(verdicts.rule) == 2


CONTROLS = "".join(map(chr, [*range(32), 127, *range(128, 160)]))


@pytest.mark.parametrize("name", PLUGINS)
def test_controls_within_a_line_stand_as_they_stood(name):
    within = "".join(character for character in CONTROLS if not character.isspace())
    line = f"The\0mill {within} turns\x1b[31m today."
    verdicts = PLUGINS[name].judge(batch_of([Record(None, {}, text=f"{line}\n\n{line}")], "text"))
    assert verdicts.errors is None
    edited = f"{line}\n{line}" if verdicts.edited is None else verdicts.edited[0].as_py().replace("\n\n", "\n")
    assert edited == f"{line}\n{line}"


@pytest.mark.parametrize("name", PLUGINS)
def test_each_document_is_read_within_its_bounds(name):
    texts = [
        "[",
        "1] jo@",
        "mill.net",
        "+49 89",
        " 1234567",
        "items in",
        " cart",
        "{",
        "",
        "水",
        "車",
        "mill",
        " wheel",
    ]
    plugin = PLUGINS[name]
    whole = plugin.judge(batch_of([Record(None, {}, text=text) for text in texts], "text"))
    for row, text in enumerate(texts):
        alone = plugin.judge(batch_of([Record(None, {}, text=text)], "text"))
        assert {name: values[row] for name, values in whole.scores.items()} == {
            name: values[0] for name, values in alone.scores.items()
        }
        edited, by_itself = (
            text if found.edited is None else found.edited[place].as_py() for found, place in ((whole, row), (alone, 0))
        )
        assert edited == by_itself
