"""How many nodes read each shard in an epoch, on 8 and 64 nodes, for one set and for mixtures.

Manifests alone: sets of shards of 50 to 150 samples, 64 lanes, batches of 512. *Read* counts the shards in which each
node's rows lie, batch by batch, until every source was read once; *planned* is what `headrace stream --plan` says,
which looks at no batch; *at most* is 1 + (nodes - 1) * sources / shards, which hardly any order could better (see
`headrace.shards.stream.plan`). So a source wants 20 shards for each node; the last row is of one that has fewer. What
is timed is the plan.
"""

from pathlib import Path
from typing import Any

from .harness import OURS, Benchmark, Contestant, Done, Setting, Target, Timed

LANES, BATCH = 64, 512
SIZES = {"set": 4_000, "first": 2_000, "second": 2_000, "third": 2_000, "few": 1_000}
WEIGHTS = {"first": 500, "second": 300, "third": 200}


def prepare(setting: Setting) -> None:
    """The manifests."""
    import numpy as np

    from headrace.shards.format.manifest import Manifest
    from headrace.shards.format.shard_list import ShardInfo, Shards

    for seed, (name, shards) in enumerate(SIZES.items()):
        samples = np.random.default_rng(seed).integers(50, 151, shards).tolist()
        infos = (ShardInfo(f"{number:05d}.tar", rows, 0, "0" * 64, "0" * 64) for number, rows in enumerate(samples))
        folder = setting.folder / name
        folder.mkdir()
        Manifest(kind="samples", name=name, shards=Shards.of(infos)).save(folder)


def _on(name: str, nodes: int) -> Contestant:
    """What so many nodes read of a set, or of the mixture."""

    def setup(folder: Path) -> Timed:
        from headrace.shards import Stream
        from headrace.shards.stream.plan import plan

        what: Any = {str(folder / each): weight for each, weight in WEIGHTS.items()}
        stream = Stream(what if name == "mixture" else str(folder / name), lanes=LANES)

        def answer() -> Done:
            found = plan(stream, nodes, BATCH, 1)
            sources, shards = len(stream.order.orders), len(stream.shards)
            facts = {"planned": found.reads_per_shard, "at most": 1 + (nodes - 1) * sources / shards}
            return Done(1, lambda: {"read": _walked(stream, nodes), **facts})

        return answer

    shards = SIZES.get(name, sum(map(SIZES.__getitem__, WEIGHTS)))
    title = f"three sources, {shards:,} shards in all" if name == "mixture" else f"one source of {shards:,} shards"
    return Contestant(f"{title}, {nodes} nodes" if nodes > 1 else f"{title}, one node", OURS, setup)


def _walked(stream: Any, nodes: int) -> float:
    """How many nodes read a shard in an epoch of its source, by the rows of all batches."""
    import numpy as np

    from headrace.shards.stream.order.batch import Rank, batch_positions

    node_of = np.empty(BATCH, np.int64)
    for number in range(nodes):
        node_of[Rank(number, nodes).rows(BATCH)] = number
    rounds = (1000 * order.total / count for order, count in zip(stream.order.orders, stream.order.counts, strict=True))
    steps = int(max(rounds)) // BATCH + 1000 * LANES // BATCH
    reads = set()
    for begin in range(0, steps, 1000):
        batches = [batch_positions(step * BATCH, BATCH, LANES) for step in range(begin, min(begin + 1000, steps))]
        places = stream.order.locate(np.concatenate(batches))
        node = np.tile(node_of, len(batches))
        first = places.epoch == 0
        reads.update(np.unique(node[first] * len(stream.shards) + places.shard[first]).tolist())
    return len(reads) / len(stream.shards)


NODES = (8, 64)
SETS = ("set", "mixture")
CONTESTANTS = tuple(_on(name, nodes) for name in SETS for nodes in (1, *NODES))

BENCHMARK = Benchmark(
    title="Reads per shard and epoch",
    unit="plans",
    prepare=prepare,
    contestants=(*CONTESTANTS, _on("few", 64)),
    targets=tuple(
        Target(f"reads per shard and epoch, {shared.name}", shared.name, alone.name, most=1.05, fact="read")
        for alone, *several in (CONTESTANTS[:3], CONTESTANTS[3:])
        for shared in several
    ),
)
