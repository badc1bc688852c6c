"""What anybody's tar holds: its samples, grouped as WebDataset's reader groups them, and what that reader leaves out.

Successive files with one key are one sample. A key that returns after another is a sample of its own, as there. Files
whose names are no `<key>.<field>` are passed over, as there. Other than there, links are followed (see `scan`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..base.errors import ShardError
from .forward import Source
from .index import Index, tabulate
from .naming import split_member
from .scan import Contents, scan

_EMPTY_CELLS = 64
"""Cells of the table of offsets per file; with more, the names are not what the table was made for."""
_SMALL_TABLE = 1_000_000


@dataclass(frozen=True)
class Survey:
    """What a tar holds.

    Args:
        index: Where the fields of its samples lie.
        passed_over: Names of files that are no fields of samples.
        returning: Keys that return after other keys: their files do not stand together, so that they are more than one
            sample.
        trailing: Bytes behind the end-of-archive mark, from the first that is not zero.
    """

    index: Index
    passed_over: tuple[str, ...]
    returning: tuple[str, ...]
    trailing: int


def survey(source: Source) -> Survey:
    """Look through a tar once, from its beginning to the end of the source.

    Raises:
        ShardError: The tar is damaged, a member has no content, a sample has one field twice or one whose name is
            taken, or dots within the files' names make nearly every file a field of its own.
    """
    contents = scan(source)
    index, passed_over = _index(contents)
    return Survey(index, tuple(passed_over), tuple(_returning(index)), contents.trailing)


def index_tar(source: Source) -> Index:
    """The index of a tar alone; errors as for `survey`."""
    return _index(scan(source))[0]


def _index(contents: Contents) -> tuple[Index, list[str]]:
    columns: dict[str, int] = {}
    rows, cells, files = list[int](), list[int](), list[int]()
    key_ends, keys = list[int](), bytearray()
    passed_over = []
    key, present = None, set[str]()
    for number, name in enumerate(contents.names):
        parts = split_member(name)
        if parts is None:
            passed_over.append(name)
            continue
        if parts[0] != key:
            key, present = parts[0], set()
            keys += key.encode("utf-8", "surrogateescape")
            key_ends.append(len(keys))
        field = parts[1]
        if field in present or field.startswith("__") or not field.isprintable():
            raise _refusal(key, field, name)
        present.add(field)
        rows.append(len(key_ends) - 1)
        cells.append(columns.setdefault(field, len(columns)))
        files.append(number)
    if len(key_ends) * len(columns) > max(_SMALL_TABLE, _EMPTY_CELLS * len(files)):
        raise _too_many_fields(list(columns))
    values = [np.array(each, np.int64)[files] for each in (contents.offsets, contents.sizes, contents.crcs)]
    return tabulate(
        tuple(columns), (rows, cells), (values[0], values[1], values[2]), (key_ends, bytes(keys))
    ), passed_over


def _returning(index: Index) -> Iterator[str]:
    keys = index.keys_of(range(index.samples))
    if len(set(keys)) == len(keys):
        return
    seen = set[str]()
    for key in keys:
        if key in seen:
            yield key
        seen.add(key)


def _refusal(key: str, field: str, name: str) -> ShardError:
    if field.startswith("__") or not field.isprintable():
        return ShardError(
            f"the sample {key!r} cannot have the field {field!r}",
            found=f"the member {name!r}",
            expected="a field without control characters, in UTF-8, that does not begin with '__': so begins what "
            "readers themselves say of a sample",
            remedy="Give the member another name",
        )
    return ShardError(
        f"the sample '{key}' has the field '{field}' twice",
        found=f"the member '{name}'",
        expected="each field once (extensions are taken in lower case)",
        remedy="Make the tar anew: a file that was appended with `tar --append` or `--update` stands beside its "
        "former self",
    )


def _too_many_fields(fields: list[str]) -> ShardError:
    return ShardError(
        f"nearly every file of the tar is a field of its own: there are {len(fields):,}",
        found=", ".join(fields[:3]) + ", ...",
        expected="extensions: a key ends at the first dot of a file's name, so that `v1.0-017.jpg` is the field "
        "`0-017.jpg` of the sample `v1`",
        remedy="Make the tar anew, with names that have no dot but that before the extension",
    )
