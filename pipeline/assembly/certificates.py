"""The certificates of decontamination: what stages guarantee, with the items that were found."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from headrace.shards.format.manifest import Benchmark, Certificate

from ..counting.count import frequent_keys
from ..counting.phases import frequent_tasks
from ..engine.runner import Results
from ..filters.base import CountingFilter, Filter
from ..recipe import Recipe
from .ledger import LEDGER


def certificates(recipe: Recipe, results: Results, root: Path) -> tuple[Certificate, ...] | None:
    """What the decontamination stages guarantee, with the items that were found."""
    filters = [(stage.label, stage.plugin.load()) for stage in recipe.stages if stage.kind == "filter"]
    promises = {label: promise for label, each in filters if (promise := _promise(label, each, results, root))}
    found: dict[str, dict[str, set[str]]] = {label: {} for label in promises}
    for done in results["ledger"].done if promises else ():
        with pq.ParquetFile(root / done.name / LEDGER) as ledger:
            table = ledger.read(["stage", "evidence", "edits"], use_threads=False)
        for stage, item in _told_items(table, promises):
            benchmark, name = item[:2]
            found[stage].setdefault(benchmark, set()).add(name)
    certificates = []
    for label, promise in promises.items():
        benchmarks = {
            name: Benchmark.model_validate({**each, "found": sorted(found[label].get(name, ()))})
            for name, each in promise["benchmarks"].items()
        }
        certificates.append(Certificate.model_validate({**promise, "benchmarks": benchmarks}))
    return tuple(certificates) or None


def _promise(label: str, plugin: Filter, results: Results, root: Path) -> Mapping[str, Any]:
    if isinstance(plugin, CountingFilter) and plugin.most is not None:
        return plugin.certificate(frequent_keys(root, frequent_tasks(label, results)))
    return plugin.certificate()


def _told_items(ledger: pa.Table, stages: Collection[str]) -> Iterator[tuple[str, list[Any]]]:
    """Each item that one of these stages names, as evidence of a drop or of an edit."""
    # Other stages may explain or correct every record: only what names one of these is parsed.
    told = pc.is_in(ledger.column("stage"), value_set=pa.array(list(stages), pa.large_string()))
    for stage in stages:
        told = pc.or_(told, pc.fill_null(pc.match_substring(ledger.column("edits"), stage), False))
    for row in ledger.filter(told).to_pylist():
        evidence = [{"stage": row["stage"], **json.loads(row["evidence"])}] if row["evidence"] else []
        for each in (*evidence, *json.loads(row["edits"] or "[]")):
            if each["stage"] in stages:
                yield from ((each["stage"], item) for item in each.get("items", ()))
