"""npm packages, downloaded and unpacked by npm without being installed."""

import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from headrace.shards.base.progress import progress

from .clients import run


@dataclass(frozen=True)
class NpmPackage:
    """One version of an npm package."""

    name: str
    version: str

    @property
    def source(self) -> str:
        """A name for it that is a file's name, too."""
        return f"{self.name.replace('/', '-')}_{self.version}"


def fetch_npm(packages: Sequence[NpmPackage], folder: Path) -> None:
    """Unpack each package to `folder/SOURCE`, where that is missing.

    Raises:
        RuntimeError: npm failed; with what it said.
    """
    missing = [package for package in packages if not (folder / package.source).is_dir()]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as scratch, progress("packages", len(missing)) as advance:
        for package in missing:
            unfinished = Path(scratch) / package.source
            unfinished.mkdir()
            run(["npm", "pack", "--silent", f"{package.name}@{package.version}"], unfinished)
            (file,) = unfinished.glob("*.tgz")
            with tarfile.open(file) as archive:
                archive.extractall(unfinished, filter="data")
            (unfinished / "package").rename(folder / package.source)
            advance(note=package.source)
