"""Pair: records that share a band are candidates; each is linked to the first record of that band."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from headrace.shards.format import npy

from ...engine import exchange
from ...engine.tasks import task_name
from .sign import BANDS

LINKS = "links.npy"


@dataclass(frozen=True)
class Pair:
    """Writes `links.npy`, uint64 (m, 2): first record of a band, another record of it; each pair once."""

    version: ClassVar[int] = 1
    phase: str
    files: int
    partition: int

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        paths = [root / task_name(self.phase, index) / BANDS for index in range(self.files)]
        table = exchange.read(paths, self.partition)
        band, number = table.column("band").to_numpy(), table.column("number").to_numpy()
        order = np.lexsort((number, band))
        band, number = band[order], number[order]
        fresh = np.ones(len(band), bool)
        fresh[1:] = band[1:] != band[:-1]
        first = number[np.maximum.accumulate(np.where(fresh, np.arange(len(band)), 0))]
        links = np.unique(np.stack([first[~fresh], number[~fresh]], axis=1), axis=0)
        (folder / LINKS).write_bytes(npy.dump(links))
        return {"links": len(links)}
