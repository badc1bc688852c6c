"""A folder of files as one input: its listing, a line of JSON per file in the order of their paths, stands for it.

{"path": "cats/1.jpg", "size": 5120, "mtime": 1704067200.0, "url": "file:///data/photos/cats/1.jpg"}
"""

import json
import os.path
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fsspec.core import url_to_fs


@dataclass(frozen=True)
class ListedFile:
    """One file of a listing: its path below the folder, its bytes as listed, and where it is read."""

    path: str
    size: int
    url: str


def files_below(system: Any, folder: str, through: tuple[str, ...] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and fsspec's facts of each file in a folder and all below it.

    A link counts as what it leads to, a file or a folder. One that leads nowhere counts as a file, which fails when it
    is read; one that leads back to where it was come from counts as nothing.

    Args:
        system: Where the folder lies, as fsspec has it.
        folder: Its path there.
        through: Where the links lead that were followed to it.
    """
    for name, info in system.find(folder, detail=True).items():
        # Only of local files fsspec says so; elsewhere there are none, or the store follows them.
        if not info.get("islink"):
            yield name, info
        elif os.path.isdir(name):
            target = os.path.realpath(name)
            if not any(_is_within(each, target) for each in (*through, os.path.realpath(os.path.dirname(name)))):
                yield from files_below(system, name, (*through, target))
        else:
            yield name, system.info(name) if os.path.exists(name) else {**info, "type": "file"}


def list_folder(folder: str, takes: Callable[[str], bool]) -> bytes:
    """The listing of a folder and all below it, sorted by path; its hash tells a changed folder.

    Args:
        folder: Any fsspec URL, or a path.
        takes: Says of a path below the folder whether the file counts.
    """
    system, root = url_to_fs(folder)
    root = root.rstrip("/")
    lines = []
    for name, info in files_below(system, root):
        path = name[len(root) + 1 :]
        if info["type"] == "file" and takes(path):
            mtime = str(info.get("mtime") or info.get("LastModified") or info.get("ETag") or "")
            url = system.unstrip_protocol(name)
            lines.append((path, json.dumps({"path": path, "size": info["size"], "mtime": mtime, "url": url})))
    return "".join(f"{line}\n" for _, line in sorted(lines)).encode()


def _is_within(folder: str, other: str) -> bool:
    """Whether a folder is another one, or lies in it; both without links."""
    return os.path.commonpath((folder, other)) == other


def parse_line(line: bytes) -> ListedFile:
    """One line of a listing.

    Raises:
        ValueError: It is none.
    """
    try:
        entry = json.loads(line)
        return ListedFile(str(entry["path"]), int(entry["size"]), str(entry["url"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise ValueError(f"not a line of a folder's listing: {line[:60]!r}") from None
