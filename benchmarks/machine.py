"""The machine on which something was measured, how quiet it was, and at which commit."""

import os
import platform
import resource
import subprocess
import time
from pathlib import Path

from .harness import ROOT


def description() -> dict[str, str | int | float]:
    """What is published of the machine."""
    return {
        "cpu": _field(Path("/proc/cpuinfo"), "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(_field(Path("/proc/meminfo"), "MemTotal").split()[0]) * 1024 / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def load() -> list[float]:
    """The load averages over 1, 5 and 15 minutes."""
    return [round(each, 2) for each in os.getloadavg()]


def commit() -> str:
    """The commit of this repository, with `-dirty` where files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


class Disturbance:
    """Measures what other processes do on the machine from now on."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._others = _busy_seconds() - _own_seconds()

    def share(self) -> float:
        """Share of all cores' time that others used; right once the processes started meanwhile have ended."""
        spent = _busy_seconds() - _own_seconds() - self._others
        return max(spent, 0.0) / (time.monotonic() - self._start) / (os.cpu_count() or 1)


def _busy_seconds() -> float:
    """Seconds that all cores together have worked: user, nice, system, irq, softirq and steal."""
    _, user, nice, system, _idle, _wait, irq, softirq, steal = Path("/proc/stat").read_text().split("\n")[0].split()[:9]
    return sum(map(int, (user, nice, system, irq, softirq, steal))) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Seconds that this process and its ended children have worked."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _field(file: Path, name: str) -> str:
    for line in file.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return " ".join(value.split())
    return "unknown"
