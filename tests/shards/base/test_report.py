"""Report fragments: what is written is read again, in the order of the page."""

import os
from pathlib import Path

import pytest

from headrace.shards.base.errors import InputError
from headrace.shards.base.report import (
    FOLDER,
    Curve,
    Gallery,
    Histogram,
    Item,
    Series,
    Table,
    Text,
    read_fragments,
    write_fragment,
)

FRAGMENTS = [
    Text(title="words", note="read this", text="ä < b"),
    Table(title="table", columns=("a", "b"), rows=((1, None), (2.5, "x"), (True, "y")), highlight="a"),
    Histogram(title="bins", edges=(0.0, 1.0, 2.0), counts=(3, 4), low=0.5),
    Curve(title="loss", x_label="x", y_label="y", series=(Series(name="s", x=(1.0, 2.0), y=(0.5, float("inf"))),)),
    Gallery(title="pictures", items=(Item(caption="one", picture="one.png", tag="kept"),)),
]


def test_what_is_written_is_read_again_in_the_order_of_the_page(tmp_path: Path) -> None:
    for order, fragment in reversed(list(enumerate(FRAGMENTS))):
        write_fragment(tmp_path, order * 7, fragment.kind, fragment)
    found = read_fragments(tmp_path)
    assert [fragment for _, fragment in found] == FRAGMENTS
    assert [file.name for file, _ in found][:2] == ["00-text.json", "07-table.json"]
    assert sorted(os.listdir(tmp_path / FOLDER)) == [file.name for file, _ in found]


def test_a_fragment_is_replaced_whole(tmp_path: Path) -> None:
    for text in ("a long text that is cut off nowhere", "short"):
        write_fragment(tmp_path, 1, "words", Text(title="words", text=text))
    assert [fragment.text for _, fragment in read_fragments(tmp_path)] == ["short"]


def test_a_folder_without_fragments_has_none(tmp_path: Path) -> None:
    assert read_fragments(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "the file: Invalid JSON"),
        ('{"kind": "pie", "title": "x"}', "pie"),
        ('{"kind": "text", "title": "x"}', "text.text: Field required"),
        ('{"kind": "text", "title": "x", "text": "y", "size": 3}', "text.size: Extra inputs"),
    ],
)
def test_what_is_no_fragment_is_named_with_what_is_wrong_in_it(tmp_path: Path, content: str, found: str) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "10-x.json").write_text(content)
    with pytest.raises(InputError, match=r"10-x\.json is not a report fragment") as caught:
        read_fragments(tmp_path)
    assert found in caught.value.found
    assert "again" in caught.value.remedy
