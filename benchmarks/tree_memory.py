"""Peak memory of a command with all the processes it starts."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.02
"""Seconds between two looks."""


@dataclass(frozen=True)
class Memory:
    """Megabytes of a tree of processes, each page counted once (its share in each process, PSS).

    Args:
        total: All resident pages.
        anonymous: Those that no file stands behind.
    """

    total: float
    anonymous: float


def peak_memory(command: Sequence[str]) -> Memory:
    """Run a command; the most that its processes ever held together.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    total = anonymous = 0.0
    while process.poll() is None:
        now = [_memory_of(each) for each in _tree(process.pid)]
        total = max(total, sum(each.total for each in now))
        anonymous = max(anonymous, sum(each.anonymous for each in now))
        time.sleep(INTERVAL)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Memory(total, anonymous)


def _tree(root: int) -> Iterator[int]:
    """A process and all below it, as far as they still live."""
    yield root
    for thread in _listed(Path(f"/proc/{root}/task")):
        try:
            children = (thread / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _tree(int(child))


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _memory_of(process: int) -> Memory:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:  # it has ended
        return Memory(0, 0)
    fields = {name: int(value.split()[0]) * 1024 / 1e6 for name, _, value in (line.partition(":") for line in lines)}
    return Memory(fields["Pss"], fields["Pss_Anon"])
