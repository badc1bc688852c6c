"""The end of a build: conservation, the manifest, the ledger and the report's fragments."""

import json
import shutil
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

from headrace.shards.base.errors import BuildError
from headrace.shards.format.atomic import remove_leftovers, write_whole
from headrace.shards.format.manifest import FILE as MANIFEST
from headrace.shards.format.manifest import Counts, InputFile, Manifest, Provenance, Tally
from headrace.shards.format.shard_list import ShardInfo, Shards

from ..engine.runner import Results
from ..engine.tasks import MARKER, task_name
from ..fragments.funnel import Funnel, Group
from ..fragments.write import write_fragments
from ..outputs.base import Output
from ..plan import Plan
from ..recipe import Recipe
from .certificates import certificates
from .ledger import LEDGER
from .publish import publish
from .shards import FILES

LEDGER_FOLDER = "ledger"
INPUTS = "inputs.json"
FINAL = "final"
"""The folder, beside the tasks', of what the end of a build writes itself."""
PUBLISHED = "published.json"


def finish(recipe: Recipe, plan: Plan, results: Results, root: Path, out: Path) -> Manifest:
    """Check that everything adds up, then publish: shards, ledger and the report's fragments, the manifest last.

    Raises:
        BuildError: Records or bytes were lost or doubled.
        InputError: The output folder holds files of the same names that no build has written.
    """
    funnel = _funnel(results)
    manifest = _manifest(recipe, plan, results, root, _counts(funnel, results))
    remove_leftovers(out)
    own = root / FINAL
    shutil.rmtree(own, ignore_errors=True)
    write_fragments(recipe, plan, manifest, funnel, results, root, own)
    write_whole(own / LEDGER_FOLDER / INPUTS, _ledger_parts(plan))
    publish(_files(plan, results, root), out, root / PUBLISHED, MANIFEST)
    manifest.save(out)
    return manifest


def _files(plan: Plan, results: Results, root: Path) -> dict[str, Path]:
    """Everything that is published but for the manifest: name below the output folder -> where it lies now."""
    files = _shard_files(results, root)
    for split in range(len(plan.splits)):
        files[f"{LEDGER_FOLDER}/part-{split:06d}.parquet"] = root / task_name("ledger", split) / LEDGER
    for name, (phase, file) in plan.published.items():
        for index, done in enumerate(results[phase].done):
            files[f"{name}/part-{index:06d}{Path(file).suffix}"] = root / done.name / file
    own = root / FINAL
    return files | {path.relative_to(own).as_posix(): path for path in sorted(own.rglob("*")) if path.is_file()}


def _funnel(results: Results) -> Funnel:
    total: Counter[Group] = Counter()
    size: Counter[Group] = Counter()
    for done in results["ledger"].done:
        for *names, records, count in done.stats["funnel"]:
            group = Group(*(name or "" for name in names))
            total[group] += records
            size[group] += count
    return {group: (total[group], size[group]) for group in sorted(total)}


def _counts(funnel: Funnel, results: Results) -> Counts:
    """The manifest's counts; what the readers counted must be what the ledger holds, and the shards what it keeps."""
    tallies = {
        fate: Tally(
            records=sum(records for group, (records, _) in funnel.items() if group.fate == fate),
            bytes=sum(count for group, (_, count) in funnel.items() if group.fate == fate),
        )
        for fate in ("kept", "dropped", "failed")
    }
    read = Tally(
        records=sum(done.stats["records"] for done in results["curate"].done),
        bytes=sum(done.stats["bytes"] for done in results["curate"].done),
    )
    written = sum(done.stats["shard"]["samples"] for done in results["shards"].done)
    accounted = Tally(
        records=sum(each.records for each in tallies.values()), bytes=sum(each.bytes for each in tallies.values())
    )
    if read != accounted or written != tallies["kept"].records:
        raise BuildError(
            "the build does not add up: in = kept + dropped + failed does not hold",
            found=f"read {read.records} records of {read.bytes} bytes, accounted for {accounted.records} of "
            f"{accounted.bytes}; {tallies['kept'].records} kept, {written} in the shards",
            remedy="This is a mistake of ours, not of the data: please report it with the recipe",
        )
    return Counts.model_validate({"in": read, **tallies})


def _shard_files(results: Results, root: Path) -> dict[str, Path]:
    """What the shards and their common files are called, and where their tasks left them."""
    folders = [root / done.name for done in results["prepare"].done]
    folders += [root / done.name / FILES for done in results["shards"].done]
    return {path.name: path for folder in folders for path in sorted(folder.iterdir()) if path.name != MARKER}


def _manifest(recipe: Recipe, plan: Plan, results: Results, root: Path, counts: Counts) -> Manifest:
    output: Output = recipe.writer.load()
    versions = {stage.label: str(type(stage.plugin.load()).version) for stage in recipe.stages}
    return Manifest(
        kind=output.kind,
        name=recipe.name,
        fields=output.fields(plan.population.payload),
        recipe=json.loads(json.dumps(recipe.document, default=str)),
        provenance=Provenance(
            inputs=tuple(InputFile(url=file.name, bytes=file.size, etag=file.identity) for file in plan.files),
            versions={"headrace": version("headrace"), **versions},
        ),
        tokenizer=output.tokenizer_entry(root / task_name("prepare", 0)),
        counts=counts,
        decontamination=certificates(recipe, results, root),
        shards=Shards.of(ShardInfo(**done.stats["shard"]) for done in results["shards"].done),
    )


def _ledger_parts(plan: Plan) -> bytes:
    """What leads `explain` from an id to its ledger part: id -> input and position -> split."""
    parts: list[dict[str, Any]] = [
        {"part": split.index, "input": split.file.name, "start": split.span.start} for split in plan.splits
    ]
    return json.dumps(parts, indent=0).encode()
