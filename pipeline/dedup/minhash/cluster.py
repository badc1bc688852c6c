"""Cluster: the connected components of the links, dealt out to the tasks that verify them.

Only records that share a band with another take part: memory is 32 bytes for each link and record among them. A
component is never split, since the survivors of a chain A ~ B ~ C depend on each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ...engine import exchange
from ...engine.tasks import task_name
from .pair import LINKS

MEMBERS = "members.arrow"


@dataclass(frozen=True)
class Cluster:
    """Writes the members (component, number) of all components, exchanged by the task that verifies them."""

    version: ClassVar[int] = 1
    phase: str
    files: int
    groups: int

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        paths = [root / task_name(self.phase, index) / LINKS for index in range(self.files)]
        links = np.concatenate([np.load(path, allow_pickle=False) for path in paths])
        numbers, ends = np.unique(links, return_inverse=True)
        first, other = ends.reshape(-1, 2).T
        graph = coo_array((np.ones(len(first), np.int8), (first, other)), shape=(len(numbers), len(numbers)))
        count, component = connected_components(graph, directed=False) if len(numbers) else (0, np.empty(0, np.int32))
        # A component is named by its least member, so that its name does not depend on the order of the links.
        least = np.full(count, np.iinfo(np.uint64).max, np.uint64)
        np.minimum.at(least, component, numbers)
        sizes = np.bincount(component, minlength=count)
        group = (np.cumsum(sizes) - sizes) * self.groups // max(len(numbers), 1)
        order = np.lexsort((numbers, least[component]))
        table = pa.table({"component": least[component][order], "number": numbers[order]})
        exchange.write(folder / MEMBERS, table, group[component][order].astype(np.int64), self.groups)
        return {"members": len(numbers), "components": int(count), "largest": int(sizes.max(initial=0))}
