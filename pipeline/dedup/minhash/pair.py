"""Pair: records that share a band are candidates; each is linked to the first record of that band."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ...engine import exchange
from ...engine.tasks import task_name
from .links import first_of_bands
from .sign import BANDS, LINKS
from .sorting import append_rows


@dataclass(frozen=True)
class Pair:
    """Writes `links.bin`, uint64 (m, 2): the first record of a band, and another split's first; each pair once."""

    version: ClassVar[int] = 2
    phase: str
    files: int
    partition: int

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        paths = [root / task_name(self.phase, index) / BANDS for index in range(self.files)]
        table = exchange.read(paths, self.partition)
        _, _, links = first_of_bands(table.column("band").to_numpy(), table.column("number").to_numpy())
        append_rows(folder / LINKS, links)
        return {"links": len(links)}
