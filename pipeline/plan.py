"""The plan: a recipe and its inputs as phases of independent tasks.

curate         read each split, extract, score                               one task per split
<filter>.count count what waits for a count over the corpus                  one task, or a few
<filter>.go-on measure what waited, from that filter on                      one task per split
decide         drop by what was measured                                     one task per split
<dedup>.*      compare records with each other; decide                       per split, then per key range
filter-<k>     filters that come after a dedup stage; then as above          one task per split
decide-<k>     drop by what they measured                                    one task per split
order-keys     each living record's key                                      one task per split
order          sort each key range                                           one task per range
prepare        what all shards need: a tokenizer                             one task
shards         write each shard                                              one task per shard
ledger         the fate of every record                                      one task per split
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headrace.shards.base.errors import RecipeError

from .assembly.phases import assembly_phases
from .dedup.base import Steps
from .engine.runner import Phase
from .inputs import InputFile, Split
from .outputs.base import Output
from .population import Population
from .recipe import Recipe, Stage
from .segments import Segment, first_segment, later_segment

KEY_BYTES = 24
COMPRESSED = {".gz": 4, ".zst": 5, ".bz2": 5, ".parquet": 3}


@dataclass(frozen=True)
class Plan:
    """A build, ready to run.

    Args:
        phases: In order.
        population: The records that are alive at its end.
        segments: The runs of fused stages.
        files: The inputs.
        splits: The inputs' parts.
        notes: What is to be said of the stages before anything runs.
        published: Folders that dedup stages add to the output: name -> (phase, file of each of its tasks).
    """

    phases: tuple[Phase, ...]
    population: Population
    segments: tuple[Segment, ...]
    files: tuple[InputFile, ...]
    splits: tuple[Split, ...]
    published: Mapping[str, tuple[str, str]]
    notes: tuple[str, ...] = ()


def make_plan(recipe: Recipe, files: Sequence[InputFile], splits: Sequence[Split]) -> Plan:
    """Turn a recipe and its inputs into phases; runs nothing.

    Raises:
        RecipeError: A stage reads a payload that is not there at its place.
    """
    payload = _check_payloads(recipe, files)
    first, rest = _runs(recipe.stages)
    population = Population(
        splits=len(splits),
        starts=tuple(split.first for split in splits),
        names=tuple(split.file.name for split in splits),
        bytes=sum(_expanded(file) for file in files),
        records="curate",
        payload=payload,
    )
    segments = [first_segment(first, population, splits)]
    phases = [*segments[0].phases]
    population = segments[0].leaves
    published: dict[str, tuple[str, str]] = {}
    notes: list[str] = []
    for stage in rest:
        if isinstance(stage, Stage):
            steps: Steps = stage.plugin.load().steps(stage.label, population)
            phases.extend(steps.phases)
            population = population.after(steps.decides.name, on_all=True)
            published |= steps.publishes
            notes += steps.notes
        else:
            segments.append(later_segment(len(segments) + 1, stage, population))
            phases += segments[-1].phases
            population = segments[-1].leaves
    phases.extend(assembly_phases(recipe, population, files))
    return Plan(tuple(phases), population, tuple(segments), tuple(files), tuple(splits), published, tuple(notes))


def _runs(stages: Sequence[Stage]) -> tuple[tuple[Stage, ...], list[Stage | tuple[Stage, ...]]]:
    """The fused stages before the first dedup, and what follows: dedup stages and further runs of fused filters."""
    first: list[Stage] = []
    rest: list[Stage | tuple[Stage, ...]] = []
    for stage in stages:
        if stage.kind == "dedup":
            rest.append(stage)
        elif not rest:
            first.append(stage)
        elif isinstance(rest[-1], tuple):
            rest[-1] = (*rest[-1], stage)
        else:
            rest.append((stage,))
    return tuple(first), rest


def _check_payloads(recipe: Recipe, files: Sequence[InputFile]) -> str:
    """Follow the payload column through the stages; the one at the end."""
    payloads: set[str] = {file.reader.load().payload for file in files}
    if len(payloads) > 1:
        raise RecipeError(
            f"the inputs of {recipe.path} give different kinds of records",
            found=" and ".join(sorted(payloads)),
            expected="one kind",
            remedy="Make one recipe for each kind",
        )
    (payload,) = payloads
    deduplicated, certified = False, ""
    for stage in recipe.stages:
        plugin: Any = stage.plugin.load()
        if plugin.reads not in (payload, ""):
            raise RecipeError(
                f"{recipe.path}: the stage '{stage.label}' cannot work at its place",
                found=f"records with '{payload}'",
                expected=f"records with '{plugin.reads}'",
                remedy="Put an extractor that makes it before this stage" if payload == "content" else "Leave it out",
            )
        if stage.kind == "extractor":
            if deduplicated:
                raise RecipeError(f"{recipe.path}: the extractor '{stage.label}' stands behind a dedup stage")
            payload = plugin.writes
        if deduplicated and stage.kind == "filter" and plugin.edits:
            raise RecipeError(
                f"{recipe.path}: the filter '{stage.label}' corrects records, and stands behind a dedup stage",
                found="records that were compared as they were",
                remedy="Put it before the first dedup stage",
            )
        if certified and stage.kind == "filter" and plugin.edits:
            raise RecipeError(
                f"{recipe.path}: the filter '{stage.label}' corrects records, and stands behind '{certified}'",
                found="records that are certified as they are",
                remedy=f"Put '{certified}' behind it; to cut what several benchmarks hold, name them in one stage",
            )
        # Reads the benchmarks, too: what is wrong with them is told before anything runs.
        if stage.kind == "filter" and plugin.certificate().get("action", "report") != "report":
            certified = stage.label
        deduplicated = deduplicated or stage.kind == "dedup"
    output: Output = recipe.writer.load()
    output.check()
    if payload not in output.payloads:
        raise RecipeError(
            f"{recipe.path}: the output format '{recipe.output.format}' cannot hold these records",
            found=f"records with '{payload}'",
            expected=" or ".join(f"'{each}'" for each in output.payloads),
            remedy="Add an extractor to 'stages', or choose another 'output.format'",
        )
    return payload


def _expanded(file: InputFile) -> int:
    """An input's size once decompressed, estimated by its name."""
    return file.size * next((factor for ending, factor in COMPRESSED.items() if file.url.endswith(ending)), 1)
