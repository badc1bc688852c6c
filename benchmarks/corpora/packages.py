"""Debian packages, downloaded and unpacked by apt and dpkg without being installed.

apt gets lists and sources of its own, so that packages of several releases can be had, whatever the machine runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .clients import run

MIRROR = "http://deb.debian.org/debian"


@dataclass(frozen=True)
class Package:
    """One Debian package.

    Args:
        package: Its name.
        suite: The Debian release to take it from.
    """

    package: str
    suite: str = "bookworm"

    @property
    def source(self) -> str:
        """A name for this version of it."""
        return f"{self.package}_{self.suite}"


def fetch(packages: Sequence[Package], folder: Path) -> None:
    """Unpack each package to `folder/SOURCE`, where that is missing.

    Raises:
        RuntimeError: apt or dpkg failed; with what it said.
    """
    # Peers' environments, which only want to know what there is, are without headrace.
    from headrace.shards.base.progress import progress

    missing = [package for package in packages if not (folder / package.source).is_dir()]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as scratch, progress("packages", len(missing)) as advance:
        suites = sorted({package.suite for package in missing})
        apt = _apt(Path(scratch), suites)
        run([*apt, "update"], Path(scratch))
        for suite in suites:
            wanted = [package for package in missing if package.suite == suite]
            downloads = Path(scratch) / suite
            downloads.mkdir()
            run([*apt, "download", *(f"{package.package}/{suite}" for package in wanted)], downloads)
            for package in wanted:
                _unpack(downloads, package, folder)
                advance(note=package.source)


def _apt(scratch: Path, suites: Sequence[str]) -> list[str]:
    """apt-get with its state in a folder that goes away."""
    (scratch / "lists" / "partial").mkdir(parents=True)
    (scratch / "archives" / "partial").mkdir(parents=True)
    sources = scratch / "sources.list"
    sources.write_text("".join(f"deb {MIRROR} {suite} main\n" for suite in suites))
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": scratch / "lists",
        "Dir::Cache": scratch,
        "APT::Sandbox::User": "root",  # its own user may not write here
    }
    return ["apt-get", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]


def _unpack(downloads: Path, package: Package, folder: Path) -> None:
    """Unpack a downloaded package beside where it belongs, then move it there whole."""
    (file,) = downloads.glob(f"{package.package}_*.deb")
    unfinished = downloads / package.package
    run(["dpkg-deb", "--extract", str(file), str(unfinished)], downloads)
    unfinished.rename(folder / package.source)
