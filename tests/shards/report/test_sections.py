"""Rows and titles: what stands side by side, and how folders of one name are told apart."""

from pathlib import Path

import pytest

from headrace.shards.base.errors import InputError
from headrace.shards.base.report import Curve, Histogram, Series, Text, write_fragment
from headrace.shards.report.sections import read_sections


def histogram(title: str, group: str, note: str = "") -> Histogram:
    return Histogram(title=title, edges=(0, 1), counts=(1,), group=group, note=note)


def curve(title: str) -> Curve:
    return Curve(title=title, x_label="step", y_label="loss", series=(Series(name="a", x=(0,), y=(0,)),))


def rows(folder: Path) -> list[tuple[str, list[str]]]:
    (section,) = read_sections([folder])
    return [(row.title, [block.fragment.title for block in row.blocks]) for row in section.rows]


def test_histograms_of_a_group_stand_together_wherever_they_are(tmp_path: Path) -> None:
    write_fragment(tmp_path, 0, "a", histogram("words", "gopher"))
    write_fragment(tmp_path, 1, "b", histogram("alone", ""))
    write_fragment(tmp_path, 2, "c", histogram("bullets", "gopher"))
    write_fragment(tmp_path, 3, "d", histogram("length", "length"))
    assert rows(tmp_path) == [("gopher", ["words", "bullets"]), ("", ["alone"]), ("length", ["length"])]


def test_neighbouring_groups_are_one_stretch(tmp_path: Path) -> None:
    for order, fragment in enumerate([histogram("a", "x"), histogram("b", "y"), curve("loss"), histogram("c", "z")]):
        write_fragment(tmp_path, order, "part", fragment)
    (section,) = read_sections([tmp_path])
    assert [[row.title for row in rows] for rows in section.stretches] == [["x", "y"], [""], ["z"]]


def test_what_a_whole_group_notes_is_noted_once(tmp_path: Path) -> None:
    notes = {"same": ("all", "all"), "different": ("one", "other")}
    for order, (group, (first, second)) in enumerate(notes.items()):
        write_fragment(tmp_path, order, "a", histogram("a", group, first))
        write_fragment(tmp_path, order, "b", histogram("b", group, second))
    (section,) = read_sections([tmp_path])
    assert [row.note for row in section.rows] == ["all", ""]


def test_neighbouring_curves_stand_together(tmp_path: Path) -> None:
    for order, fragment in enumerate([curve("loss"), curve("rate"), Text(title="so", text="so"), curve("norm")]):
        write_fragment(tmp_path, order, "part", fragment)
    assert rows(tmp_path) == [("", ["loss", "rate"]), ("", ["so"]), ("", ["norm"])]


def test_a_title_is_the_folders_name_and_as_many_parents_as_it_takes(tmp_path: Path) -> None:
    folders = [tmp_path / "monday" / "text", tmp_path / "tuesday" / "text", tmp_path / "tuesday" / "mae"]
    for folder in folders:
        write_fragment(folder, 0, "part", Text(title="t", text="t"))
    assert [section.title for section in read_sections(folders)] == ["monday/text", "tuesday/text", "mae"]


def test_one_folder_given_twice_is_no_riddle(tmp_path: Path) -> None:
    write_fragment(tmp_path / "text", 0, "part", Text(title="t", text="t"))
    assert len(read_sections([tmp_path / "text", tmp_path / "text"])) == 2


def test_what_is_no_output_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        read_sections([tmp_path / "missing"])
    with pytest.raises(InputError, match="nothing to report"):
        read_sections([tmp_path])
