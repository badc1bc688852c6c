"""Finding tars: from folders, globs, brace patterns and single places to a list of files with their sizes."""

import posixpath
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from ..base.counts import counted
from ..base.errors import InputError, UsageError
from ..format.faults import described, permanent
from ..format.patience import OPENING, pause
from ..format.urls import filesystem, join, local_path, names_in
from .braces import expand

_REQUESTS = 16
"""Files asked for at once where no folder can be listed."""
_WORTH_LISTING = 4
"""Files of one folder from which on the folder is listed, instead of asking for each."""
_PACKED = (".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz")
_TAGS = ("ETag", "etag", "md5Hash", "Content-MD5", "Last-Modified", "LastModified", "last_modified", "mtime", "created")


@dataclass(frozen=True, slots=True)
class Tar:
    """A file as it was found.

    Args:
        url: Where it lies.
        bytes: Its size.
        tag: What changes when the file changes; "" where its place tells nothing of the kind.
    """

    url: str
    bytes: int
    tag: str


def find_tars(patterns: Sequence[str]) -> list[Tar]:
    """The tars that patterns name: those of a brace pattern in its order, those of a folder or a glob sorted by name.

    Raises:
        InputError: A pattern names nothing, or a file is not there or cannot be looked up.
        UsageError: A tar is named twice.
    """
    urls = [url for pattern in patterns for name in expand(pattern) for url in _urls(name)]
    twice = [url for url, times in Counter(urls).items() if times > 1]
    if twice:
        raise UsageError(f"{counted(len(twice), 'tar')} named twice", found=", ".join(twice[:3]))
    return look_up(urls)


def look_up(urls: Sequence[str]) -> list[Tar]:
    """The files at `urls`, in that order; a folder of which many are asked for is listed once.

    Raises:
        InputError: One is not there, or cannot be looked up.
    """
    folders = defaultdict(list)
    for url in urls:
        folders[url.rpartition("/")[0]].append(url)
    infos: dict[str, dict[str, Any]] = {}
    for folder, members in folders.items():
        if len(members) >= _WORTH_LISTING and local_path(members[0]) is None:
            infos |= _listed(folder, members)
    with ThreadPoolExecutor(_REQUESTS) as pool:
        rest = [url for url in urls if url not in infos]
        infos |= {url: info for url, info in zip(rest, pool.map(_info, rest), strict=True) if info is not None}
    missing = [url for url in urls if url not in infos]
    if missing:
        more = f" and {len(missing) - 3:,} more" if len(missing) > 3 else ""
        raise InputError(
            f"{counted(len(missing), 'file')} of {len(urls):,} cannot be found",
            found=f"nothing at {', '.join(missing[:3])}{more}",
            remedy="Correct the pattern so that it names what there is",
        )
    return [Tar(url, int(infos[url]["size"]), _tag(infos[url])) for url in urls]


def _urls(name: str) -> list[str]:
    """What a name without braces stands for."""
    try:
        path = local_path(name)
        if _is_glob(name):
            found = _globbed(name, path)
        elif name.endswith(".tar"):
            return [name]
        elif path is not None:
            found = [str(each) for each in path.glob("*.tar")] if path.is_dir() else [name] if path.exists() else []
        else:
            system, inner = filesystem(name)
            found = [join(name, str(each).rpartition("/")[2]) for each in system.ls(inner, detail=False)]
            found = [each for each in found if each.endswith(".tar")] or ([name] if system.isfile(inner) else [])
    except (OSError, ValueError, ImportError, NotImplementedError) as error:
        raise InputError(f"'{name}' cannot be looked up", found=str(error) or type(error).__name__) from error
    if not found:
        packed = sorted(each for each in names_in(name) if each.endswith(_PACKED))
        raise InputError(
            f"'{name}' names no tar",
            found=f"{counted(len(packed), 'compressed tar')} ({packed[0]}), to be unpacked first" if packed else "",
            expected="a folder of tars, a tar, a glob such as 'data/*.tar' or braces such as 'data-{000..127}.tar'",
            remedy="Folders are not searched below: `data/**/*.tar` is what finds all. Of a place that cannot list "
            "its files, such as a web server, name them with braces",
        )
    return sorted(found)


def _is_glob(name: str) -> bool:
    letters = "*" if name.startswith(("http://", "https://")) else "*?["
    return any(letter in name for letter in letters)


def _globbed(name: str, path: Path | None) -> list[str]:
    if path is not None:
        system, inner = filesystem(str(path))
        # What was relative stays so: the manifest is written where the user pointed.
        start = posixpath.join(str(Path.cwd()), "") if not path.is_absolute() else ""
        return [str(each).removeprefix(start) for each in system.glob(inner)]
    system, inner = filesystem(name)
    return [system.unstrip_protocol(each) for each in system.glob(inner)]


def _listed(folder: str, urls: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What a folder's listing tells of some of its files; nothing where it cannot be listed or tells no sizes."""
    system, inner = filesystem(folder)
    try:
        entries = {str(each["name"]).rpartition("/")[2]: each for each in system.ls(inner, detail=True)}
    except (OSError, ValueError, NotImplementedError):
        return {}
    found = {url: entries.get(url.rpartition("/")[2], {}) for url in urls}
    return {url: info for url, info in found.items() if info.get("type") == "file" and info.get("size") is not None}


def _info(url: str) -> dict[str, Any] | None:
    """What is known of a file without reading it; None where there is none."""
    path = local_path(url)
    if path is None:
        return _remote_info(url)
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"{url} cannot be looked up", found=error.strerror or str(error)) from error
    return {"size": status.st_size, "mtime": status.st_mtime_ns}


def _remote_info(url: str) -> dict[str, Any] | None:
    system, inner = filesystem(url)
    until = time.monotonic() + OPENING.deadline
    for attempt in count():
        try:
            info: dict[str, Any] = system.info(inner)
            break
        except Exception as error:
            # Whatever a web server refuses, fsspec calls a file that is not there; the cause tells more.
            hidden = error.__cause__ if isinstance(error, FileNotFoundError) else None
            fault = hidden if isinstance(hidden, Exception) else error
            stays = permanent(fault, url)
            if isinstance(stays, FileNotFoundError):
                return None
            if stays is not None or time.monotonic() >= until:
                raise InputError(f"{url} cannot be looked up", found=described(fault)) from error
            time.sleep(pause(attempt))
    if info.get("size") is None:
        raise InputError(
            f"the server of {url} does not say how large the file is, and so cannot give parts of it",
            remedy="Copy the tars to a server that gives ranges, or to this machine",
        )
    return info


def _tag(info: dict[str, Any]) -> str:
    return next((f"{info[key]}" for key in _TAGS if info.get(key)), "")
