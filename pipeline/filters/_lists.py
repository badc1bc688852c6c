"""Lists that the user keeps: entries in the recipe, and files with one entry a line."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ConfigDict

from headrace.shards.base.errors import InputError
from headrace.shards.base.recipe import RecipePath

T = TypeVar("T")

COMMENT = "#"


@dataclass(frozen=True)
class Entries:
    """Entries of a list, from the recipe and from files.

    Args:
        entries: Those that stand in the recipe.
        files: Files with one entry a line, in UTF-8; empty lines and those that begin with `#` are none.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    entries: tuple[str, ...] = ()
    files: tuple[RecipePath, ...] = ()

    def read(self, parse: Callable[[str], T], skip_invalid: bool = False) -> frozenset[T]:
        """All entries.

        Args:
            parse: Makes something of an entry; a ValueError says what was expected of it.
            skip_invalid: Whether a line in a file that is no entry is left out with a warning.

        Raises:
            InputError: A file cannot be read, or a line in it is no entry.
            ValueError: An entry that stands in the recipe is none.
        """
        found = {_parsed(entry, parse) for entry in self.entries}
        for file in self.files:
            found.update(read_entries(file, parse, skip_invalid))
        return frozenset(found)


def read_entries(file: Path, parse: Callable[[str], T], skip_invalid: bool = False) -> list[T]:
    """The entries of a file; see `Entries.read`."""
    entries, invalid = [], []
    for number, line in _lines(file):
        try:
            entries.append(parse(line.decode()))
        except UnicodeDecodeError:
            invalid.append((number, repr(line)[2:-1], "UTF-8"))
        except ValueError as error:
            invalid.append((number, repr(line.decode()), str(error)))
        if invalid and not skip_invalid:
            (number, found, expected), remedy = invalid[0], "Mend the line, or let such lines pass: skip_invalid_lines"
            raise InputError(
                f"{file}, line {number}: no entry of a list", found=found, expected=expected, remedy=remedy
            )
    if invalid:
        (number, found, expected), others = invalid[0], len(invalid) - 1
        warnings.warn(
            f"{file}, line {number}: {found} is left out, since {expected} is expected"
            + (f"; so are {others} more lines" if others else ""),
            stacklevel=2,
        )
    return entries


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, with their numbers from 1."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"the list {file} cannot be read", found=error.strerror or str(error)) from error
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith(COMMENT.encode()):
            yield number, stripped


def _parsed(entry: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(entry)
    except ValueError as error:
        raise ValueError(f"{error}, not {entry!r}") from None
