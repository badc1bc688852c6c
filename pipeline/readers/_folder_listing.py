"""A folder of files as one input: its listing, a line of JSON per file in the order of their paths, stands for it.

{"path": "cats/1.jpg", "size": 5120, "mtime": 1704067200.0, "url": "file:///data/photos/cats/1.jpg"}
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from fsspec.core import url_to_fs


@dataclass(frozen=True)
class ListedFile:
    """One file of a listing: its path below the folder, its bytes as listed, and where it is read."""

    path: str
    size: int
    url: str


def list_folder(folder: str, takes: Callable[[str], bool]) -> bytes:
    """The listing of a folder and all below it, sorted by path; its hash tells a changed folder.

    Args:
        folder: Any fsspec URL, or a path.
        takes: Says of a path below the folder whether the file counts.
    """
    system, root = url_to_fs(folder)
    root = root.rstrip("/")
    lines = []
    for name, info in system.find(root, detail=True).items():
        path = name[len(root) + 1 :]
        if info["type"] == "file" and takes(path):
            mtime = str(info.get("mtime") or info.get("LastModified") or info.get("ETag") or "")
            url = system.unstrip_protocol(name)
            lines.append((path, json.dumps({"path": path, "size": info["size"], "mtime": mtime, "url": url})))
    return "".join(f"{line}\n" for _, line in sorted(lines)).encode()


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
