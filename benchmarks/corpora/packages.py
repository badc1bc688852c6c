"""Debian packages, downloaded and unpacked by apt and dpkg without being installed.

apt gets lists and sources of its own, so that packages of several releases can be had, whatever the machine runs.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from headrace.shards.base.progress import progress

from .manuals import SUITES, Manual

MIRROR = "http://deb.debian.org/debian"


def fetch(manuals: Sequence[Manual], folder: Path) -> None:
    """Unpack each manual's package to `folder/SOURCE`, where that is missing.

    Raises:
        RuntimeError: apt or dpkg failed; with what it said.
    """
    missing = [manual for manual in manuals if not (folder / manual.source).is_dir()]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as scratch, progress("packages", len(missing)) as advance:
        apt = _apt(Path(scratch))
        _run([*apt, "update"], Path(scratch))
        for suite in SUITES:
            wanted = [manual for manual in missing if manual.suite == suite]
            downloads = Path(scratch) / suite
            downloads.mkdir()
            _run([*apt, "download", *(f"{manual.package}/{suite}" for manual in wanted)], downloads)
            for manual in wanted:
                _unpack(downloads, manual, folder)
                advance(note=manual.source)


def _apt(scratch: Path) -> list[str]:
    """apt-get with its state in a folder that goes away."""
    (scratch / "lists" / "partial").mkdir(parents=True)
    (scratch / "archives" / "partial").mkdir(parents=True)
    sources = scratch / "sources.list"
    sources.write_text("".join(f"deb {MIRROR} {suite} main\n" for suite in SUITES))
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": scratch / "lists",
        "Dir::Cache": scratch,
        "APT::Sandbox::User": "root",  # its own user may not write here
    }
    return ["apt-get", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]


def _unpack(downloads: Path, manual: Manual, folder: Path) -> None:
    """Unpack a downloaded package beside where it belongs, then move it there whole."""
    (package,) = downloads.glob(f"{manual.package}_*.deb")
    unfinished = downloads / manual.package
    _run(["dpkg-deb", "--extract", str(package), str(unfinished)], downloads)
    unfinished.rename(folder / manual.source)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"`{command[0]}` failed: {done.stderr.strip()[-2000:]}")
