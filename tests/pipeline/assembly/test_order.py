"""The final order of the living records, and the records found again by it."""

import numpy as np
import pyarrow as pa
import pytest

from headrace.pipeline.assembly.order import KEYS, ORDER, OrderKeys, SortKeys
from headrace.pipeline.assembly.shards import Slice, Source
from headrace.pipeline.engine import exchange
from headrace.pipeline.engine.tasks import task_name
from headrace.pipeline.population import DECISION_SCHEMA, RECORDS, Population, write_decisions
from headrace.shards.base.rng import hash64, key

SPLITS = [[(0 << 40) | place for place in (3, 9, 20)], [(1 << 40) | place for place in (0, 7)], []]
STARTS = (0, 1 << 40, 2 << 40)
NAMES = ("s/a", "s/b", "s/c")


def text_of(number):
    return "é" * (number % 7)


@pytest.fixture
def population(tmp_path):
    """Three splits on disk, the record 9 of the first one dead."""
    schema = pa.schema([("number", pa.uint64()), ("url", pa.large_string()), ("meta", pa.large_string())])
    schema = schema.append(pa.field("text", pa.large_string()))
    for split, numbers in enumerate(SPLITS):
        folder = tmp_path / task_name("curate", split)
        folder.mkdir(parents=True)
        with pa.OSFile(str(folder / RECORDS), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            columns = [numbers, [None] * len(numbers), ["{}"] * len(numbers), list(map(text_of, numbers))]
            writer.write_batch(
                pa.RecordBatch.from_arrays(
                    [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
                )
            )
        dead = [{"number": 9}] if split == 0 else []
        write_decisions(folder, pa.Table.from_pylist(dead, DECISION_SCHEMA), None)
    return Population(3, STARTS, NAMES, 0, "curate", "text").after("curate")


def ordered(root, population, order, partitions):
    """Run the tasks that order the living, and read the numbers back range by range."""
    for split in range(3):
        folder = root / task_name("keys", split)
        folder.mkdir(parents=True, exist_ok=True)
        task = OrderKeys(population.view(split, {}), NAMES[split], "text", order, 3, split, partitions)
        task.run(root, folder)
    found, counted = [], []
    for partition in range(partitions):
        folder = root / task_name("order", partition)
        folder.mkdir(parents=True, exist_ok=True)
        counted.append(SortKeys("keys", 3, partition).run(root, folder))
        with pa.memory_map(str(folder / ORDER)) as file:
            table = pa.ipc.open_file(file).read_all()
        assert table.column("size").to_pylist() == [
            len(text_of(n).encode()) for n in table.column("number").to_pylist()
        ]
        assert counted[-1] == {"records": table.num_rows, "bytes": sum(table.column("size").to_pylist())}
        found += table.column("number").to_pylist()
    return found


LIVING = [number for numbers in SPLITS for number in numbers if number != 9]


@pytest.mark.parametrize("partitions", [1, 2, 5])
def test_the_hash_order_is_that_of_the_records_places_alone(tmp_path, population, partitions):
    expected = sorted(
        LIVING, key=lambda n: (int(hash64(np.array([n & (2**40 - 1)]), key("order", NAMES[n >> 40]))[0]), n)
    )
    assert ordered(tmp_path, population, "hash", partitions) == expected


@pytest.mark.parametrize("partitions", [1, 2, 5])
def test_the_input_order_is_the_crawls(tmp_path, population, partitions):
    assert ordered(tmp_path, population, "input", partitions) == LIVING


def test_a_source_gives_the_records_of_its_slices_with_their_ids(tmp_path, population):
    found = ordered(tmp_path, population, "hash", 2)
    source = Source("order", ("curate",), STARTS, NAMES, "text")
    sizes = []
    for partition in range(2):
        with pa.memory_map(str(tmp_path / task_name("order", partition) / ORDER)) as file:
            sizes.append(pa.ipc.open_file(file).read_all().num_rows)
    parts = [Slice(partition, 0, size) for partition, size in enumerate(sizes)]
    rows = [row for batch in source.batches(tmp_path, source.numbers(tmp_path, parts)) for row in batch.to_pylist()]
    assert [row["id"] for row in rows] == [f"{NAMES[n >> 40]}#{n & (2**40 - 1)}" for n in found]
    assert [row["text"] for row in rows] == list(map(text_of, found))
    assert source.numbers(tmp_path, []).num_rows == 0


def test_keys_travel_to_their_ranges(tmp_path, population):
    ordered(tmp_path, population, "hash", 4)
    paths = [tmp_path / task_name("keys", split) / KEYS for split in range(3)]
    for partition in range(4):
        keys = exchange.read(paths, partition).column("key").to_numpy()
        assert np.all(exchange.partition_of(keys, 4) == partition)
