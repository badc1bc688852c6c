"""Law 1: in = kept + dropped + failed; and the kept lie where the ledger says, as other tools read them."""

import hashlib
import json

import pytest
import webdataset
from webdataset import tariterators


def read_samples(path):
    # Opened here, since the library leaves what it opens itself to the garbage collector.
    with path.open("rb") as stream:
        source = [{"url": path.name, "stream": stream}]
        steps = (tariterators.tar_file_expander, tariterators.group_by_keys, webdataset.decode())
        return list(webdataset.DataPipeline(lambda: source, *steps))


@pytest.fixture(scope="module")
def manifest(built):
    return json.loads((built.folder / "out/manifest.json").read_text())


def test_every_record_and_every_byte_is_accounted_for(built, manifest):
    documents, size = 0, 0
    for path in (built.folder / "in").glob("*.jsonl"):
        for line in path.read_text().splitlines():
            documents += 1
            try:
                size += len(json.loads(line)["text"].encode())
            except json.JSONDecodeError:
                size += len(line) + 1
    rows = built.ledger().to_pylist()
    tally = {
        fate: {
            "records": sum(row["fate"] == fate for row in rows),
            "bytes": sum(row["bytes"] for row in rows if row["fate"] == fate),
        }
        for fate in ("kept", "dropped", "failed")
    }
    assert sum(each["records"] for each in tally.values()) == documents
    assert sum(each["bytes"] for each in tally.values()) == size
    assert manifest["counts"] == {"in": {"records": documents, "bytes": size}, **tally}
    assert all(each["records"] for each in tally.values())


def test_a_kept_record_is_the_sample_of_its_id(built, manifest):
    texts = {}
    for path in (built.folder / "in").glob("*.jsonl"):
        position = 0
        for line in path.read_bytes().splitlines(keepends=True):
            texts[f"tiny/{path.name}#{position}"] = line
            position += len(line)
    samples = [read_samples(built.folder / "out" / shard["name"]) for shard in manifest["shards"]]
    kept = [row for row in built.ledger().to_pylist() if row["fate"] == "kept"]
    assert len(kept) == sum(map(len, samples))
    for row in kept:
        sample, document = samples[row["shard"]][row["row"]], json.loads(texts[row["id"]])
        assert sample["txt"] == document["text"]
        assert sample["json"] == {
            "id": row["id"],
            "url": document["url"],
            "label": document["label"],
            "meta": {"id": document["id"]},
        }


def test_the_shards_are_what_the_manifest_says(built, manifest):
    out = built.folder / "out"
    for shard in manifest["shards"]:
        data = (out / shard["name"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (shard["bytes"], shard["sha256"])
    assert built.headrace("verify", "out").returncode == 0


def test_the_ledger_parts_say_which_input_they_are_of(built):
    parts = json.loads((built.folder / "out/ledger/inputs.json").read_text())
    assert len(parts) == len(list((built.folder / "out/ledger").glob("part-*.parquet")))
    assert {part["input"] for part in parts} == {"tiny/a.jsonl", "tiny/b.jsonl", "tiny/c.jsonl"}
