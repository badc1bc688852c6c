"""The memory of clustering, and what it leaves."""

import subprocess
import sys

import numpy as np
import pytest

from headrace.pipeline.dedup.minhash.cluster import Cluster, members_of
from headrace.pipeline.dedup.minhash.components import in_memory
from headrace.pipeline.dedup.minhash.sign import LINKS
from headrace.pipeline.dedup.minhash.sorting import append_rows
from headrace.pipeline.engine import exchange


def random_links(seed, count, numbers):
    drawn = np.random.default_rng(seed).integers(0, numbers, (count, 2), np.uint64)
    return drawn[drawn[:, 0] != drawn[:, 1]]


def cluster(folder, links, groups=1):
    """Cluster links that two tasks left; the work's counts, and the members of each group."""
    for task, some in enumerate(np.array_split(links, 2)):
        (folder / f"sign/{task:06d}").mkdir(parents=True)
        append_rows(folder / f"sign/{task:06d}" / LINKS, some)
    (folder / "out").mkdir()
    counts = Cluster(("sign/000000", "sign/000001"), "sign", False, (0,), groups).run(folder, folder / "out")
    return counts, [members_of(folder / "out", group) for group in range(groups)]


@pytest.mark.parametrize("room", [16, 100, 10**6])
@pytest.mark.parametrize("groups", [1, 7])
def test_every_component_is_whole_in_one_group(tmp_path, monkeypatch, room, groups):
    monkeypatch.setattr(exchange, "PARTITION_BYTES", 32 * room)
    links = random_links(1, 300, 500)
    counts, found = cluster(tmp_path, links, groups)
    components = [{tuple(rows[rows[:, 0] == name][:, 2].tolist()) for name in np.unique(rows[:, 0])} for rows in found]
    expected = {}
    for number, least in in_memory(links).tolist():
        expected.setdefault(least, [least]).append(number)
    # Within a component the members come in their order.
    assert set().union(*components) == {tuple(each) for each in expected.values()}
    assert sum(map(len, components)) == len(expected) == counts["components"]
    assert counts["members"] == sum(map(len, expected.values()))
    assert counts["largest"] == max(map(len, expected.values()))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["bounds.npy", "members.bin"]


def test_no_links_at_all(tmp_path):
    counts, (members,) = cluster(tmp_path, np.empty((0, 2), np.uint64))
    assert counts == {"members": 0, "components": 0, "largest": 0}
    assert len(members) == 0


MEASURE = """
import sys
from pathlib import Path
import scipy.sparse.csgraph
from headrace.pipeline.dedup.minhash.cluster import Cluster
from headrace.pipeline.engine import exchange

exchange.PARTITION_BYTES = 2 << 20

def resident(name):
    return int(Path("/proc/self/status").read_text().split(name)[1].split()[0])

before = resident("VmRSS:")
folder = Path(sys.argv[1])
counts = Cluster(("sign/000000",), "sign", False, (0,), 50).run(folder, folder)
print(resident("VmHWM:") - before, counts["members"])
"""


def grown(folder, links):
    """KiB by which the whole resident memory of a process grew when it clustered so many links."""
    (folder / "sign/000000").mkdir(parents=True)
    for part in range(0, links, 1 << 18):
        # Pairs, chains and one large component, over all numbers.
        append_rows(folder / "sign/000000" / LINKS, random_links(part, min(1 << 18, links - part), 3 * links))
    result = subprocess.run(
        [sys.executable, "-c", MEASURE, str(folder)], capture_output=True, text=True, check=True, timeout=600
    )
    growth, members = map(int, result.stdout.split())
    assert members > links / 2
    return growth


@pytest.mark.slow
def test_ten_times_the_links_take_the_same_memory(tmp_path):
    small, large = grown(tmp_path / "small", 400_000), grown(tmp_path / "large", 4_000_000)
    assert large < 1.3 * small
    # In memory, numbers, labels and the graph would take more than 85 bytes a link.
    assert large < 4_000_000 * 85 // 1024 // 4
