"""Writes what a rank consumed, one line for every checkpoint, from which a run can be proved afterwards (`audit`).

    log = ConsumptionLog("run/consumed", loader)      # on every rank
    for batch in loader:
        ...                                           # train
        if loader.step % 1000 == 0:
            log.write()                               # on every rank, and on all of them before
            save(loader.state_dict())                 # the checkpoint is complete

The layout is that of `logs`. A line is on the disk when `write` returns. Two processes that take themselves for the
same rank are refused: they would train on each of its samples twice.
"""

import errno
import fcntl
import json
import os
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ...base.errors import InputError
from ..delivery.delivery import Deliverer
from ..delivery.digest import digest, minus, plus
from .logs import file_name, parsed


class ConsumptionLog:
    """The log of what a loader hands over, or of what arrives where samples are used.

    Make it when the loader stands where the run goes on: a run whose log begins at position 0 has begun anew.

    Args:
        folder: Where the logs of all ranks lie; made where it is missing.
        loader: What is logged: what `Stream.loader` or `Stream.batches` returned.

    Raises:
        InputError: The log cannot be written, or another process writes it.
    """

    def __init__(self, folder: str | Path, loader: Deliverer) -> None:
        self._path = Path(folder) / file_name(loader.share.rank.rank)
        self._loader = loader
        self._seen: tuple[int, int] | None = None
        self._file, self._session = _claimed(self._path)
        self._begin()

    def saw(self, positions: ArrayLike, ids: ArrayLike) -> None:
        """Count samples where they are used: the columns `__position__` and `__id__` of a batch.

        For frameworks that stand between the loader and the training, and may fetch ahead or deal batches anew. From
        the first call on, lines hold what was counted here, instead of what the loader handed over.
        """
        samples, total = self._seen or (0, 0)
        where, which = np.asarray(positions, np.int64), np.asarray(ids, np.int64)
        self._seen = samples + where.size, plus(total, digest(where, which))

    def write(self) -> None:
        """Append what was consumed since the last line; nothing where nothing was.

        Raises:
            InputError: The log cannot be written.
        """
        if self._loader.consumed is not self._consumed:
            # The loader was restored from a state: what it had done since the last line counts for nothing.
            self._session += 1
            self._begin()
        if self._loader.state_dict()["position"] > self._position:
            self._append()

    def close(self) -> None:
        """Let go of the file, for another log of this rank."""
        os.close(self._file)

    def _begin(self) -> None:
        self._consumed, self._position = self._loader.consumed, self._loader.consumed.start
        self._samples = self._digest = self._replaced = 0
        self._append()

    def _append(self) -> None:
        consumed, share, state = self._consumed, self._loader.share, self._loader.state_dict()
        samples, total = self._seen or (consumed.samples - self._samples, minus(consumed.digest, self._digest))
        line = {
            "version": 1,
            "session": self._session,
            "rank": share.rank.rank,
            "world_size": share.rank.world_size,
            "local_world": share.rank.local_world,
            "batch_size": share.batch_size,
            "start": self._position,
            "samples": samples,
            "digest": f"{total:016x}",
            "replaced": [[each.position, each.bad, each.used] for each in consumed.replaced[self._replaced :]],
            "state": state,
        }
        _write(self._file, self._path, json.dumps(line, separators=(",", ":")).encode() + b"\n")
        self._samples, self._digest, self._replaced = consumed.samples, consumed.digest, len(consumed.replaced)
        self._position = state["position"]
        self._seen = None if self._seen is None else (0, 0)


def _claimed(path: Path) -> tuple[int, int]:
    """Open a log for appending, keep it to this process, and say which session this is.

    A record lock belongs to the process alone: it goes with it, however it ends, and no worker inherits it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise InputError(f"the log {path} cannot be opened", found=error.strerror or str(error)) from error
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(file)
        raise InputError(
            f"the log {path} cannot be kept to this process",
            found=error.strerror or str(error),
            expected="one process that takes the rows of this rank",
            remedy="Give each process its own `rank` and all of them the same `world_size`; end what is left of the "
            "run before; and give each run a folder of its own",
        ) from error
    content = _content(file)
    if content and not content.endswith(b"\n"):
        _write(file, path, b"\n")  # after what was killed while it wrote
    return file, max((int(line["session"]) for _, line in parsed(content)), default=-1) + 1


def _write(file: int, path: Path, data: bytes) -> None:
    """Append whole data, or nothing."""
    size = os.fstat(file).st_size
    try:
        written = os.write(file, data)
        if written < len(data):
            os.ftruncate(file, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)
    except OSError as error:
        raise InputError(f"{path} cannot be written", found=str(error), remedy="Make room for it") from error


def _content(file: int) -> bytes:
    found = b""
    while part := os.pread(file, 1 << 24, len(found)):
        found += part
    return found
