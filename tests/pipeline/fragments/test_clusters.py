"""Clusters of duplicates: counted by size, the largest named."""

from collections import Counter

from headrace.pipeline.fragments.clusters import Clusters, largest_table, sizes_table
from headrace.shards.base.report import read_fragments


def test_sizes_are_grouped_and_dropped_records_counted():
    found = {"exact_dedup": Clusters(Counter({2: 3, 4: 1, 5: 2, 8: 1, 9: 1, 1000: 1}), [(1000, 7)])}
    assert sizes_table(found).rows == (
        ("exact_dedup", "2", 3, 3),
        ("exact_dedup", "4", 1, 3),
        ("exact_dedup", "5 to 8", 3, 15),
        ("exact_dedup", "9 to 16", 1, 8),
        ("exact_dedup", "513 to 1,024", 1, 999),
    )
    assert largest_table(found, lambda number: f"n{number}").rows == (("exact_dedup", 1000, "n7"),)


def test_a_builds_clusters_are_those_of_its_ledger(built):
    rows = built.ledger().to_pylist()
    fragments = {path.stem: fragment for path, fragment in read_fragments(built.folder / "out")}
    for stage in ("exact_dedup", "minhash_dedup"):
        sizes = Counter(row["survivor"] for row in rows if row["stage"] == stage)
        told = [row for row in fragments["40-clusters"].rows if row[0] == stage]
        assert sum(row[2] for row in told) == len(sizes)
        assert sum(row[3] for row in told) == sum(sizes.values())
        first = next(row for row in fragments["42-largest-clusters"].rows if row[0] == stage)
        assert first[1] == max(sizes.values()) + 1
        urls = {row["id"]: row["url"] for row in rows}
        assert first[2] in {urls[survivor] for survivor, count in sizes.items() if count + 1 == first[1]}
