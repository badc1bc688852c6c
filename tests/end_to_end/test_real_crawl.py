"""The bundled crawl, really crawled: the laws hold on it too, and its near duplicates are found."""

from collections import Counter
from pathlib import Path

import pytest

CRAWL = Path(__file__).parents[2] / "examples/demo/data/crawl"
RECIPE = {
    "name": "crawl",
    "inputs": [{"path": str(CRAWL / "*.warc.gz")}],
    "stages": [
        "resiliparse",
        {"length": {"min_chars": 200}},
        {"language": {"allow": ["en"]}},
        "gopher_quality",
        "exact_dedup",
        "minhash_dedup",
    ],
    "output": {"format": "tokens", "shard_bytes": "1MB", "tokenizer": {"train": {"vocab_size": 2000}}},
    "split_bytes": "500KB",
}


@pytest.mark.slow
def test_the_bundled_crawl(workshop):
    workshop.write_recipe(**RECIPE)
    built = workshop.build("one")
    counts = built.manifest.counts
    rows = workshop.ledger("one").to_pylist()
    assert counts.total.records == len(rows) > 400
    fates = Counter(row["fate"] for row in rows)
    assert fates == Counter(kept=counts.kept.records, dropped=counts.dropped.records, failed=counts.failed.records)
    reasons = Counter(row["stage"] for row in rows if row["fate"] == "dropped")
    assert reasons["minhash_dedup"] > 20
    assert reasons["language"] > 20
    # Two versions of a page are near duplicates: most survivors are pages of the same path.
    pairs = [(row["url"], row["survivor"]) for row in rows if row["stage"] == "minhash_dedup"]
    urls = {row["id"]: row["url"] for row in rows}
    same = sum(url.rpartition("/")[2] == urls[survivor].rpartition("/")[2] for url, survivor in pairs)
    assert same > 0.7 * len(pairs)

    workshop.build("two", "split_bytes=100KB", workers=2)
    assert workshop.shards("two") == workshop.shards("one")
    assert workshop.ledger("two").equals(workshop.ledger("one"))
