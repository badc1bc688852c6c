"""A build from beginning to end: what `headrace build` does."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headrace.shards.base.errors import BuildError, InputError, Interrupted, RecipeError
from headrace.shards.format.atomic import write_whole
from headrace.shards.format.manifest import FILE as MANIFEST
from headrace.shards.format.manifest import Manifest

from .assembly.finish import finish
from .engine.one_heap import one_heap
from .engine.runner import Phase, PhaseResult, run
from .engine.tasks import explained, finished
from .executors.base import Executor
from .executors.local import LocalExecutor
from .inputs import InputFile, Split, find_inputs, split_inputs
from .plan import Plan, make_plan
from .recipe import Recipe, load_recipe

WORK = ".work"
"""The folder, inside the output, of all tasks' outputs: what lets a build continue and rerun only what changed."""


@dataclass(frozen=True)
class Built:
    """A finished build: its manifest, and how much of it was run now."""

    out: Path
    manifest: Manifest
    tasks: int
    ran: int


def prepare(recipe_path: Path, overrides: Sequence[str] = ()) -> tuple[Recipe, Plan]:
    """Read the recipe, find its inputs and plan; writes nothing.

    Raises:
        RecipeError: The recipe is wrong.
        InputError: An input is missing.
    """
    recipe, files, splits = _read(recipe_path, overrides)
    return recipe, make_plan(recipe, files, splits)


def _read(recipe_path: Path, overrides: Sequence[str]) -> tuple[Recipe, list[InputFile], list[Split]]:
    recipe = load_recipe(recipe_path, overrides)
    files = find_inputs(recipe)
    return recipe, files, split_inputs(files, recipe.split_bytes)


def build(
    recipe_path: Path, out: Path, overrides: Sequence[str] = (), workers: int = 0, *, recut: bool = False
) -> Built:
    """Build the shards of a recipe, or continue where an earlier run of it stopped.

    Args:
        recipe_path: The recipe.
        out: The output folder.
        overrides: `key.sub=value`, applied to the recipe.
        workers: Processes; 0 means one per core.
        recut: Decide anew from stored scores; refuse to read or score anything.

    Raises:
        HeadraceError: See the error tree; whatever is finished is kept.
    """
    executor = LocalExecutor(workers or len(os.sched_getaffinity(0)))
    try:
        recipe, files, splits = _read(recipe_path, overrides)
        if len(splits) > 1:
            executor.start(recipe.load_plugins)  # meanwhile this process plans
        plan = make_plan(recipe, files, splits)
        with _claimed(out, recipe) as root:
            if recut:
                _refuse_to_score(plan, out, root)
            return _build(recipe, plan, out, root, executor)
    except KeyboardInterrupt:
        raise Interrupted(
            "every finished task of the build is kept, nothing is half-written",
            remedy="Run the same line again: it continues",
        ) from None
    finally:
        executor.close()


def _build(recipe: Recipe, plan: Plan, out: Path, root: Path, executor: Executor) -> Built:
    measured: dict[str, PhaseResult] = {}

    def check(phase: Phase, result: PhaseResult) -> None:
        for segment in plan.segments:
            if phase.name in segment.measures:
                measured[phase.name] = result
                own = [measured[name] for name in segment.measures if name in measured]
                _refuse_too_many_failures(recipe, plan, out, own)

    if plan.population.payload == "text":
        # Here, once, before any worker starts: they then load what lies in the cache.
        from .warmup import compile_for_recipe

        compile_for_recipe()
    results = run(plan.phases, root, executor, check)
    try:
        with one_heap():
            manifest = finish(recipe, plan, results, root, out)
    except OSError as error:
        raise explained("the end of the build", error) from error
    done = [each for result in results.values() for each in result.done]
    return Built(out, manifest, len(done), sum(result.ran for result in results.values()))


def _refuse_to_score(plan: Plan, out: Path, root: Path) -> None:
    tasks = plan.phases[0].tasks({})
    missing = sum(finished(root, task) is None for task in tasks)
    if missing:
        raise BuildError(
            f"{out} cannot be decided anew from stored scores",
            found=f"{len(tasks) - missing} of {len(tasks)} parts of the inputs with scores of this recipe",
            expected="a build whose recipe differs in bounds alone (the least or most of a measure), inputs unchanged",
            remedy="Run the same line without --recut: it scores what is missing",
        )


def _refuse_too_many_failures(recipe: Recipe, plan: Plan, out: Path, results: Sequence[PhaseResult]) -> None:
    """Refuse to go on where too many failed of the records that the first of these phases saw."""
    records = sum(done.stats["records"] for done in results[0].done)
    failed = [
        sum(parts) for parts in zip(*([done.stats["failed"] for done in each.done] for each in results), strict=True)
    ]
    if sum(failed) > recipe.max_failed * records:
        worst = plan.splits[failed.index(max(failed))].file.name
        raise BuildError(
            "too many records failed",
            found=f"{sum(failed)} of {records} ({sum(failed) / records:.1%}); most of them in {worst}",
            expected=f"at most {recipe.max_failed:.1%} (max_failed)",
            remedy=f"See why with `headrace explain {out} --failed`; mend the input, or raise max_failed, and run the "
            "same line again: it continues",
        )


@contextmanager
def _claimed(out: Path, recipe: Recipe) -> Iterator[Path]:
    """The work folder of an output folder that is ours alone while the block runs.

    Raises:
        InputError: The folder cannot be used, holds something else, or another build is running in it.
    """
    root = out / WORK
    if (out / MANIFEST).exists() and not root.exists():
        raise InputError(
            f"{out} holds shards that no unfinished or finished build of this recipe left",
            found="a manifest without the build's work folder",
            remedy="Choose another --out, or remove the folder",
        )
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / "lock").open("a")
    except OSError as error:
        raise InputError(f"the output folder {out} cannot be used", found=str(error)) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"another build is running in {out}", remedy="Wait for it, or choose another --out"
            ) from None
        except OSError as error:
            raise InputError(
                f"the output folder {out} cannot be locked", found=str(error), remedy="Choose another --out"
            ) from error
        _claim_recipe(root / "build.json", recipe, out)
        yield root


def _claim_recipe(path: Path, recipe: Recipe, out: Path) -> None:
    """Refuse the folder of another recipe: of another name, or of the same name with none of its inputs."""
    mine = {"recipe": recipe.name, "inputs": sorted(entry.path for entry, _ in recipe.inputs)}
    if path.exists():
        known = json.loads(path.read_text(encoding="utf-8"))
        if known["recipe"] != recipe.name or not set(known["inputs"]) & set(mine["inputs"]):
            raise RecipeError(
                f"{out} holds another recipe's build",
                found=f"'{known['recipe']}' of {', '.join(known['inputs'])}",
                expected=f"'{recipe.name}' of {', '.join(mine['inputs'])}",
                remedy="Choose another --out, or remove the folder; a changed recipe continues there when it has the "
                "same name and at least one of its inputs",
            )
    write_whole(path, json.dumps(mine).encode())
