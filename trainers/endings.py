"""How a run ends before its last step, in words."""

import shlex

from headrace.shards.base.counts import counted
from headrace.shards.base.errors import HeadraceError, Interrupted, TrainingError

from .runs import Run


def stopped(run: Run, step: int, *, failed: bool) -> HeadraceError:
    """The end of a run that was asked to stop, or of which another process cannot read on."""
    kept = f"{step} of {counted(run.recipe.model.steps, 'step')} are done, and everything is saved in {run.folder}"
    remedy = "Run the same line again: it continues"
    if failed:
        return TrainingError(f"another process cannot read on; {kept}", remedy=remedy)
    return Interrupted(kept, remedy=remedy)


def diverged(run: Run, step: int, loss: float, norm: float) -> TrainingError:
    """The end of a run whose loss or gradients are no longer finite; tells how to see the samples of that step."""
    model, data = run.recipe.model, run.recipe.model.data
    asked = f"--step {step} --batch-size {model.batch_size} --seed {model.seed} --lanes {data.lanes}"
    for option, value in (("block", data.block), ("window", run.pretext.window)):
        asked += f" --{option} {value}" if value else ""
    line = f"headrace stream {shlex.quote(data.url)} {asked}"
    return TrainingError(
        f"step {step} (from 0) has no finite gradients; nothing was changed by it",
        found=f"a loss of {loss:.6g}, a gradient norm of {norm}",
        remedy=f"See the samples of that step with `{line}`; if they are sound, lower optimizer.lr, set "
        "optimizer.clip, or lengthen schedule.warmup, and give another --out",
    )
