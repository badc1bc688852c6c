"""What a certificate lists: of each benchmark how it is protected, and the n-grams that are common."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.fingerprint import file_digest
from ..filters.base import NO_KEYS, Keys
from .benchmarks import Benchmark
from .protection import Protection


def benchmark_entries(
    benchmarks: Sequence[Benchmark], protection: Protection, common: Keys = NO_KEYS
) -> dict[str, Mapping[str, Any]]:
    """What the certificate says of each benchmark, by its title; arguments as of `coverage`."""
    covered = coverage(protection, common)
    return {
        each.title: {
            "sha256": file_digest(each.file),
            "fields": each.fields,
            "id": each.id,
            **covered[each.title],
        }
        for each in benchmarks
    }


def coverage(protection: Protection, common: Keys = NO_KEYS) -> dict[str, Mapping[str, Any]]:
    """How many items each benchmark has, which are looked for whole only, and which are unprotected.

    An item is unprotected, too, when all its n-grams are common: only documents that hold a copy of it are found.

    Args:
        protection: What is looked for.
        common: uint64: the hashes of the n-grams that are common.
    """
    protected = np.zeros(len(protection.texts), np.bool_)
    for lookup in protection.lookups:
        rare = np.repeat(~np.isin(lookup.index.hashes, common), np.diff(lookup.bounds))
        protected[lookup.passages[rare]] = True
    items, owners, whole = protection.items, protection.owners, protection.whole
    by_ngrams, by_whole = (np.zeros(len(items), np.bool_) for _ in range(2))
    by_ngrams[owners[protected & ~whole]], by_whole[owners[protected & whole]] = True, True
    covered: dict[str, dict[str, Any]] = {}
    for item, ngrams, passages in zip(items, by_ngrams.tolist(), by_whole.tolist(), strict=True):
        entry = covered.setdefault(item.benchmark, {"items": 0, "whole": [], "unprotected": []})
        entry["items"] += 1
        if not ngrams:
            entry["whole" if passages else "unprotected"].append(item.name)
    return {
        title: {**entry, "whole": tuple(entry["whole"]), "unprotected": tuple(entry["unprotected"])}
        for title, entry in covered.items()
    }


def common_ngrams(protection: Protection, common: Keys) -> list[str]:
    """The n-grams of benchmarks that are common, their units joined by spaces, sorted.

    Args:
        protection: What is looked for.
        common: uint64: their hashes.
    """
    spelled = []
    for lookup in protection.lookups:
        for entry in np.flatnonzero(np.isin(lookup.index.hashes, common)).tolist():
            place = lookup.bounds[entry]
            first = int(lookup.positions[place])
            units = protection.spelled(int(lookup.passages[place]))
            spelled.append(" ".join(units[first : first + lookup.index.n]))
    return sorted(spelled)
