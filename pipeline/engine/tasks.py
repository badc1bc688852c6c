"""Tasks: independent, idempotent pieces of work whose outputs appear whole or not at all.

A task writes into a folder of its own with a temporary name. When it is done, a marker `done.json` (its fingerprint,
what it counted, size and time of its files) is added and the folder is renamed: one atomic step that commits all of it.
A task whose folder stands there with the right fingerprint, its files untouched, is not run again. Whatever else is
found there is removed.
"""

import errno
import json
import os
import shutil
import time
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from headrace.shards.base.errors import BuildError, HeadraceError, InputError
from headrace.shards.format.atomic import sync

from .fingerprint import fingerprint
from .one_heap import one_heap

MARKER = "done.json"
TEMPORARY = ".tmp-"

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Work(Protocol):
    """What a task does: a frozen dataclass of plain data, so that it travels to any process and has a fingerprint."""

    version: ClassVar[int]
    """Raise it when the same fields give other outputs."""

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it.

        Args:
            root: The folder of all tasks' outputs; earlier tasks' are found below it by their names.
            folder: This task's own, empty.

        Returns:
            What was counted, JSON-able.
        """


@dataclass(frozen=True)
class Task:
    """One piece of work under its name.

    Args:
        name: `phase/index`: also its folder below the root.
        work: What it does.
        fingerprint: Of everything that shapes its output: the work, its version, and what it reads.
        weight: Its share of the phase's progress bar (bytes or rows).
    """

    name: str
    work: Work
    fingerprint: str
    weight: int = 1


def make_task(phase: str, index: int, work: Work, after: Sequence[str] = (), weight: int = 1) -> Task:
    """A task of a phase.

    Args:
        phase: The phase's name.
        index: Its place in the phase.
        work: What it does; its fields enter the fingerprint.
        after: Fingerprints of what it reads.
        weight: Its share of the progress bar.
    """
    # What a word is follows the running Python's Unicode tables.
    shaped_by = fingerprint(type(work).version, work, list(after), unicodedata.unidata_version)
    return Task(task_name(phase, index), work, shaped_by, weight)


def task_name(phase: str, index: int) -> str:
    """The name of a phase's task, and of its folder."""
    return f"{phase}/{index:06d}"


@dataclass(frozen=True)
class Done:
    """A finished task: its name, its fingerprint, what it counted and how long it took."""

    name: str
    fingerprint: str
    stats: Mapping[str, Any]
    seconds: float


def finished(root: Path, task: Task) -> Done | None:
    """The task's result when it has been done before; neither what shaped it nor what it wrote has changed since."""
    folder = root / task.name
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        if marker.get("fingerprint") != task.fingerprint or marker.get("files") != _files(folder):
            return None
    except (OSError, ValueError):
        return None
    return Done(task.name, task.fingerprint, marker["stats"], marker["seconds"])


def execute(root: Path, task: Task) -> Done:
    """Run a task and commit its output; what every executor calls, in whatever process.

    Raises:
        HeadraceError: The task cannot be done; names it. Nothing of its output is left.
    """
    target = root / task.name
    temporary = target.with_name(f"{TEMPORARY}{target.name}-{uuid.uuid4().hex[:8]}")
    start = time.perf_counter()
    try:
        temporary.mkdir(parents=True)
        with one_heap():
            stats = dict(task.work.run(root, temporary))
        seconds = round(time.perf_counter() - start, 3)
        files = _files(temporary)
        marker = {"fingerprint": task.fingerprint, "stats": stats, "seconds": seconds, "files": files}
        (temporary / MARKER).write_text(json.dumps(marker), encoding="utf-8")
        for path in (*(temporary / name for name in files), temporary / MARKER, temporary):
            sync(path)
        _replace_folder(temporary, target)
    except HeadraceError:
        raise
    except Exception as error:
        raise explained(f"the task {task.name}", error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Done(task.name, task.fingerprint, stats, seconds)


def explained(what: str, error: Exception) -> HeadraceError:
    """What a library raised in the midst of `what`, as an error that says what to do."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return InputError(
            f"the disk is full: {what} could not write its output",
            found=os.strerror(error.errno),
            remedy="What is done is kept, what is half-written will be removed. Free some space, then run the same "
            "line again: it continues",
        )
    if isinstance(error, MemoryError):
        return BuildError(
            f"memory ran out in {what}",
            found=str(error),
            remedy="Run the same line with fewer --workers: it continues",
        )
    return BuildError(
        f"{what} failed",
        found=f"{type(error).__name__}: {error}",
        remedy="What is done is kept: mend the cause and run the same line again (--debug shows where)",
    )


def remove_leftovers(root: Path, phase: str, tasks: set[str]) -> None:
    """Remove from a phase's folder what no task of it wrote: temporaries of killed runs, tasks of an older plan."""
    for path in (root / phase).glob("*"):
        if f"{phase}/{path.name}" not in tasks:
            shutil.rmtree(path, ignore_errors=True)


def remove_old_phases(root: Path, phases: set[str]) -> None:
    """Remove the folders of phases that are none of these: those of an older plan."""
    for path in root.iterdir():
        if path.is_dir() and path.name not in phases:
            shutil.rmtree(path, ignore_errors=True)


def _replace_folder(source: Path, target: Path) -> None:
    """Put a folder in another's place; what a worker of a killed run commits at the same moment gives way."""
    while True:
        try:
            source.rename(target)
        except OSError:
            if not target.exists():
                raise
            old = target.with_name(f"{TEMPORARY}old-{uuid.uuid4().hex[:8]}")
            target.rename(old)
            shutil.rmtree(old, ignore_errors=True)
        else:
            return


def _files(folder: Path) -> dict[str, list[int]]:
    """Size in bytes and time of change in ns of each file but the marker, by its name below the folder.

    Published files are hard links to these: one that was changed in place shows here, and is made again.
    """
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MARKER)
    status = ((path, path.stat()) for path in found)
    return {path.relative_to(folder).as_posix(): [each.st_size, each.st_mtime_ns] for path, each in status}
