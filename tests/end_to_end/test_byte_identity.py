"""Law 2: the same recipe and inputs give the same shards, however the work is cut and spread."""

import os
import subprocess

import pyarrow.parquet as pq
import pytest

from headrace.pipeline.engine import exchange

OUTPUTS = {
    "webdataset": {"format": "webdataset", "shard_bytes": "20KB"},
    "tokens": {"format": "tokens", "shard_bytes": "20KB", "tokenizer": {"train": {"vocab_size": 300}}},
    "parquet": {"format": "parquet", "shard_bytes": "20KB"},
    "jsonl": {"format": "jsonl", "shard_bytes": "20KB", "order": "input"},
}


@pytest.mark.parametrize("output", ["tokens", "webdataset"])
def test_splits_change_no_byte(workshop, output):
    workshop.write_recipe(output=OUTPUTS[output])
    workshop.build("one")
    for split_bytes in ("4KB", "1GB"):
        workshop.build(split_bytes, f"split_bytes={split_bytes}")
        assert workshop.shards(split_bytes) == workshop.shards("one")
        assert workshop.ledger(split_bytes).equals(workshop.ledger("one"))


def test_key_ranges_and_merging_change_no_byte(workshop, monkeypatch):
    workshop.build("one")
    monkeypatch.setattr(exchange, "PARTITION_BYTES", 1000)
    monkeypatch.setattr(exchange, "MAX_FILES", 3)
    many = workshop.build("many", "split_bytes=4KB")
    assert many.tasks > 100
    assert workshop.shards("many") == workshop.shards("one")
    assert workshop.ledger("many").equals(workshop.ledger("one"))


DEDUPS = [
    {"url_dedup": {"keep": "newest", "by": "id"}},
    {"exact_dedup": {"normalize": ["case", "whitespace"], "keep": "longest"}},
    {"minhash_dedup": {"similarity": 0.7, "ngram": 2, "keep": "best_score", "by": "label"}},
]


def test_the_choice_of_survivors_depends_on_no_split_range_or_merging(workshop, monkeypatch):
    workshop.write_recipe(stages=DEDUPS)
    workshop.build("one")
    monkeypatch.setattr(exchange, "PARTITION_BYTES", 1000)
    monkeypatch.setattr(exchange, "MAX_FILES", 3)
    for split_bytes in ("3KB", "1GB"):
        workshop.build(split_bytes, f"split_bytes={split_bytes}")
        assert workshop.shards(split_bytes) == workshop.shards("one")
        assert workshop.ledger(split_bytes).equals(workshop.ledger("one"))


def test_two_processes_and_another_hash_seed_change_no_byte(workshop):
    workshop.build("one")
    command = workshop.command("build", "tiny.yaml", "--out", "two", "--workers", "2")
    subprocess.run(command, cwd=workshop.folder, check=True, env={**os.environ, "PYTHONHASHSEED": "7"})
    assert workshop.shards("two") == workshop.shards("one")
    assert workshop.ledger("two").equals(workshop.ledger("one"))
    # Nothing in it tells of when or by whom it was built.
    manifests = [(workshop.folder / out / "manifest.json").read_bytes() for out in ("one", "two")]
    assert manifests[0] == manifests[1]


@pytest.mark.slow
@pytest.mark.parametrize("output", OUTPUTS)
def test_any_number_of_workers_changes_no_byte(workshop, output):
    workshop.write_corpus(documents=900, files=5)
    workshop.write_recipe(output=OUTPUTS[output], split_bytes="4KB")
    workshop.build("one")
    for workers in (2, 4):
        workshop.build(str(workers), workers=workers)
        assert workshop.shards(str(workers)) == workshop.shards("one")
        assert workshop.ledger(str(workers)).equals(workshop.ledger("one"))


def test_where_the_inputs_lie_changes_no_byte(built, workshop):
    (workshop.folder / "in").rename(workshop.folder / "moved")
    workshop.write_recipe(inputs=[{"path": str(workshop.folder / "moved/*.jsonl")}])
    workshop.build()
    assert workshop.shards() == built.shards()
    assert workshop.ledger().equals(built.ledger())


def test_the_input_order_is_the_crawls_and_the_hash_order_another(workshop):
    ids = {}
    for order in ("input", "hash"):
        workshop.build(order, "output.format=parquet", f"output.order={order}")
        shards = sorted((workshop.folder / order).glob("shard-*.parquet"))
        ids[order] = [id_ for path in shards for id_ in pq.read_table(path).column("id").to_pylist()]
    kept = [row["id"] for row in workshop.ledger("input").to_pylist() if row["fate"] == "kept"]
    assert ids["input"] == kept
    assert sorted(ids["hash"]) == sorted(kept)
    moved = sum(a != b for a, b in zip(ids["hash"], kept, strict=True))
    assert moved > 0.9 * len(kept)
