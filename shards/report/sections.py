"""What stands on the page: each folder a section, its fragments in rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ..base.errors import InputError
from ..base.report import FOLDER, Curve, Gallery, Histogram, Item, Table, Text, read_fragments
from .pictures import Picture, embed

AnyFragment = Text | Table | Histogram | Curve | Gallery


@dataclass(frozen=True)
class Block:
    """One fragment in its place."""

    anchor: str
    fragment: AnyFragment
    file: Path

    def tags(self) -> list[tuple[str, list[tuple[Item, Picture | None]]]]:
        """A gallery's items with their pictures where they can be shown, those of one tag together."""
        assert isinstance(self.fragment, Gallery)
        found: dict[str, list[tuple[Item, Picture | None]]] = {}
        for item in self.fragment.items:
            picture = embed(self.file, item.picture) if item.picture else None
            found.setdefault(item.tag, []).append((item, picture))
        return list(found.items())


@dataclass(frozen=True)
class Row:
    """Fragments that stand side by side: the histograms of one group, neighbouring curves, or just one fragment."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]

    @property
    def note(self) -> str:
        """What all of a group's fragments note in the same words, to be read once."""
        notes = {block.fragment.note for block in self.blocks}
        return notes.pop() if self.title and len(notes) == 1 else ""

    @property
    def entries(self) -> list[tuple[str, str]]:
        """(anchor, title) of what the table of contents lists: the group, or each fragment."""
        if self.title:
            return [(self.anchor, self.title)]
        return [(block.anchor, block.fragment.title) for block in self.blocks]


@dataclass(frozen=True)
class Section:
    """One command's output folder."""

    title: str
    anchor: str
    path: str
    rows: tuple[Row, ...]

    @property
    def stretches(self) -> list[list[Row]]:
        """The rows, neighbouring groups taken together, so that small ones can share a line."""
        return [list(rows) for _, rows in groupby(self.rows, lambda row: "group" if row.title else row.anchor)]


def read_sections(folders: Sequence[Path]) -> list[Section]:
    """The sections in the order of the folders.

    Raises:
        InputError: A folder is missing or holds no fragments, or a fragment cannot be read.
    """
    titles = _titles(folders)
    return [
        _section(folder, title, f"s{number}")
        for number, (folder, title) in enumerate(zip(folders, titles, strict=True), 1)
    ]


def _section(folder: Path, title: str, anchor: str) -> Section:
    if not folder.is_dir():
        raise InputError(
            f"there is no folder {folder}", remedy="Name the output folders of `headrace build` or `train`"
        )
    found = read_fragments(folder)
    if not found:
        raise InputError(
            f"{folder} holds nothing to report",
            found=f"no {FOLDER}/*.json in it",
            expected="the output folder of a finished `headrace build`, `train` or `eval`",
        )
    blocks = [Block(f"{anchor}-{number}", fragment, file) for number, (file, fragment) in enumerate(found, 1)]
    return Section(title, anchor, str(folder), tuple(_rows(blocks)))


def _rows(blocks: Sequence[Block]) -> list[Row]:
    rows: dict[str, list[Block]] = {}
    previous = ""
    for block in blocks:
        key = _row_key(block, previous)
        rows.setdefault(key, []).append(block)
        previous = key
    return [Row(_group(members[0]), f"{members[0].anchor}-row", tuple(members)) for members in rows.values()]


def _row_key(block: Block, previous: str) -> str:
    """Blocks of one key stand in one row: a group wherever its members are, curves only next to each other."""
    if _group(block):
        return f"group {_group(block)}"
    if isinstance(block.fragment, Curve):
        return previous if previous.startswith("curves ") else f"curves {block.anchor}"
    return block.anchor


def _group(block: Block) -> str:
    return block.fragment.group if isinstance(block.fragment, Histogram) else ""


def _titles(folders: Sequence[Path]) -> list[str]:
    """Each folder's name, with as many parents as it takes to tell it from the others."""
    parts = [folder.resolve().parts for folder in folders]
    titles = []
    for own in parts:
        depth = 1
        while depth < len(own) and sum(other[-depth:] == own[-depth:] for other in parts) > 1:
            depth += 1
        titles.append("/".join(own[-depth:]))
    return titles
