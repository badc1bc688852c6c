"""The phases that every build ends with: order the living records, write the shards, write the ledger."""

from collections.abc import Sequence

from ..engine import exchange
from ..engine.runner import Phase, Results
from ..engine.tasks import Task, make_task, task_name
from ..inputs import InputFile
from ..plan_tools import fingerprints, merged, of_split
from ..population import Population
from ..recipe import Recipe
from ..records import BATCH_BYTES
from .ledger import WriteLedger
from .order import KEYS, OrderKeys, SortKeys
from .shards import Prepare, Slice, Source, WriteShard, cut_shards

KEY_BYTES = 24


def assembly_phases(recipe: Recipe, population: Population, files: Sequence[InputFile]) -> list[Phase]:
    """The phases from the living records to shards and ledger.

    Args:
        recipe: Its output, above all.
        population: The records that every stage left.
        files: The inputs.
    """

    def keys(results: Results) -> list[Task]:
        partitions = population.partitions(KEY_BYTES, results)
        return [
            make_task(
                "order-keys",
                split,
                OrderKeys(
                    population.view(split, results),
                    population.names[split],
                    population.payload,
                    recipe.output.order,
                    population.splits,
                    split,
                    partitions,
                ),
                of_split(results, population, split),
            )
            for split in range(population.splits)
        ]

    order_keys = Phase("order-keys", keys, population.splits, disk=population.bytes // 80)
    phases, keys_phase, keys_tasks = merged(order_keys, KEYS)

    def order(results: Results) -> list[Task]:
        after = fingerprints(results, [keys_phase])
        return [
            make_task("order", index, SortKeys(keys_phase, keys_tasks, index), after)
            for index in range(population.partitions(KEY_BYTES, results))
        ]

    source = Source.of(population, files, "order")

    def prepare(results: Results) -> list[Task]:
        whole = tuple(Slice(index, 0, done.stats["records"]) for index, done in enumerate(results["order"].done))
        return [make_task("prepare", 0, Prepare(source, whole, recipe.writer), fingerprints(results, ["order"]))]

    def shards(results: Results) -> list[Task]:
        ranges = [done.stats for done in results["order"].done]
        cut = cut_shards(
            [each["records"] for each in ranges], sum(each["bytes"] for each in ranges), recipe.output.shard_bytes
        )
        after = fingerprints(results, ["order", "prepare"])
        shared = task_name("prepare", 0)
        return [
            make_task("shards", index, WriteShard(source, index, parts, recipe.writer, shared), after)
            for index, parts in enumerate(cut)
        ]

    def ledger(results: Results) -> list[Task]:
        about = tuple((file.name, file.source) for file in files)
        written = ("shards", len(results["shards"].done))
        return [
            make_task(
                "ledger",
                split,
                WriteLedger(
                    split,
                    population.view(split, results),
                    written,
                    about,
                ),
                [*of_split(results, population, split), results["shards"].fingerprint],
            )
            for split in range(population.splits)
        ]

    ranges = exchange.partitions_for(KEY_BYTES * population.expected_records)
    expected = -(-population.bytes // recipe.output.shard_bytes)
    return [
        *phases,
        Phase("order", order, ranges, 4 * exchange.PARTITION_BYTES, population.bytes // 80),
        Phase("prepare", prepare, 1, 2 * BATCH_BYTES, rate=10e6),
        Phase("shards", shards, max(1, expected), 4 * BATCH_BYTES, population.bytes, rate=20e6),
        Phase("ledger", ledger, population.splits, 4 * BATCH_BYTES, population.bytes // 40),
    ]
