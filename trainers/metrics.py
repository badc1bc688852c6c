"""The metrics of a run: one JSON object a line, in RUN/metrics.jsonl, oldest first.

There is a line every `log_every` steps, at every step after which something was evaluated, and at the last one; and one
of step 0, before the first step, where the untrained network was evaluated. What a line holds besides `step`:

    loss                   of the global batch of this step, and `loss_<term>` where it has several terms
    <metric>               what else the objective tells of that batch, such as `accuracy`
    lr, grad_norm          the learning rate, and the norm of the gradients before they were clipped; in fp16
                           `loss_scale`, and no norm where it was too large, so that the step changed nothing
    samples_per_s          over the steps since the line before, on all processes together; evaluations are left out
    tokens_per_s           tokens (or patches) of these samples, where they are cut into such
    data_wait              share of that time in which the main process waited for batches, 0 to 1
    wait_<cause>           the same by cause; they add up to `data_wait` (see the stream's `stalls`)
    mfu                    share of the devices' peak that the network's operations take, 0 to 1 (see `watch.flops`);
                           where the peak is known, from `watch.peaks` or the recipe's `peak_tflops`
    memory                 bytes of the main process: on a GPU what torch had allocated at most so far, else what is
                           resident now, without the loader's workers
    val_loss, val_<...>    the same as `loss` and `<metric>`, of the validation's samples (see `watch.validation`)
    <evaluation>           such as `knn` or `linear_probe`, of the network at this step: accuracy, 0 to 1; what measures
                           something else says so (`perplexity/bits_per_byte`)
    effective_rank, ...    what the representations of the latest batches are like (see `collapse.measures`), and
    collapsed              1 where they have collapsed, else 0; not there where the samples were too few to tell

A line of step 0 holds evaluations only. Lines of steps that a continued run takes again are dropped when it begins.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from headrace.shards.format.atomic import write_whole
from headrace.shards.stream.delivery.stalls import Waits

FILE = "metrics.jsonl"
WAIT = "wait_"
"""What the names begin with under which a line holds the share of time that was waited, by cause."""
VALIDATION = "val_"
"""What the names begin with of numbers of the validation's samples."""
STEPPING = ("lr", "grad_norm", "loss_scale")
"""What a line tells of the step itself."""
SPEED = ("samples_per_s", "tokens_per_s", "data_wait", "mfu", "memory")
"""What it tells of the machine."""
Line = Mapping[str, float]


class MetricsLog:
    """Appends lines, having first dropped those of steps that a continued run will take again.

    Args:
        folder: RUN.
        step: The step that was restored; lines of later ones were written by a run that was killed.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._path = folder / FILE
        kept = [line for line in read_metrics(folder) if line["step"] <= step] if step else []
        write_whole(self._path, "".join(map(_written, kept)).encode())

    def write(self, values: Line) -> None:
        """Append a line; it is in the file when this returns."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_written(values))


def read_metrics(folder: Path) -> list[dict[str, float]]:
    """The lines of a run, oldest first; a last line that a kill cut short is left out."""
    path = folder / FILE
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def judgements(line: Line, evaluations: Collection[str]) -> dict[str, float]:
    """What a line tells of the validation, and of a recipe's evaluations by these names."""
    return {
        name: value
        for name, value in line.items()
        if name.startswith(VALIDATION) or name.partition("/")[0] in evaluations
    }


def rates(waits: Waits, samples: int, tokens: int | None) -> dict[str, float]:
    """How fast batches went by, and which share of the time the loop waited for them, in all and by cause.

    Args:
        waits: What the loader measured.
        samples: Of a global batch.
        tokens: Of a sample; None where it has none.
    """
    per_second = waits.batches * samples / max(waits.seconds, 1e-9)
    by_cause = {f"{WAIT}{cause}": share for cause, share in waits.shares().items()}
    return {
        "samples_per_s": per_second,
        **({"tokens_per_s": per_second * tokens} if tokens else {}),
        "data_wait": waits.stalled,
        **by_cause,
    }


def _written(values: Line) -> str:
    return json.dumps(values) + "\n"
