"""What runs tell the report: a summary, curves, examples of what the network made of its samples."""

from collections.abc import Mapping, Sequence
from statistics import median

import torch
from PIL import Image

from headrace.shards.base.counts import counted
from headrace.shards.base.report import FOLDER, Curve, Gallery, Item, Series, Table, write_fragment

from .metrics import WAIT, read_metrics
from .pretext.base import Batch, Drawing, Objective
from .runs import Run

_POINTS = 1000
"""Points of a curve at most; more cannot be seen."""
_RATES = ("step", "lr", "grad_norm", "samples_per_s", "tokens_per_s", "data_wait", "mfu", "memory")
"""What a line of the log holds besides the loss and the objective's own metrics."""


def write_training(run: Run, objective: Objective, samples: Batch) -> None:
    """The fragments of a training run.

    Args:
        run: The run.
        objective: The trained network.
        samples: What is drawn.
    """
    lines = read_metrics(run.folder)
    write_fragment(run.folder, 10, "training", summary(run, objective, lines))
    shown = (name for name in lines[-1] if name not in _RATES and not name.startswith(WAIT))
    for place, name in enumerate(shown, 11):
        write_fragment(run.folder, place, name, curve(f"{name} of {run.name}", name, lines))
    drawings = draw(run, objective, samples)
    if drawings:
        write_fragment(run.folder, 30, "examples", gallery(run, drawings))


def summary(run: Run, objective: Objective, lines: Sequence[Mapping[str, float]]) -> Table:
    """What was trained, for how long, and how fast."""
    model, last = run.recipe.model, lines[-1]
    seen = int(last["step"]) * model.batch_size
    kept = sum(each.numel() for each in objective.backbone.parameters())
    rows = (
        ("network", f"{model.backbone.type}, {kept / 1e6:,.2f} million parameters"),
        ("steps", f"{int(last['step']):,} of {counted(model.batch_size, 'sample')}: {counted(seen, 'sample')}"),
        ("loss at the end", f"{last['loss']:.4f}"),
        ("samples per second", f"{median(line['samples_per_s'] for line in lines):,.0f}"),
        ("tokens per second", f"{median(line['tokens_per_s'] for line in lines):,.0f}"),
        ("waiting for data", f"{median(line['data_wait'] for line in lines):.1%} of the time{_cause(lines)}"),
    )
    note = f"Preset {model.preset}, seed {model.seed}. Rates are medians over the run."
    return Table(title=f"Training of {run.name}", note=note, columns=("", "value"), rows=rows)


def _cause(lines: Sequence[Mapping[str, float]]) -> str:
    """What was waited for most."""
    names = [name for name in lines[-1] if name.startswith(WAIT)]
    most = max(names, key=lambda name: sum(line.get(name, 0.0) for line in lines), default="")
    return f", most of it for {most.removeprefix(WAIT)}" if most and any(line.get(most) for line in lines) else ""


def curve(title: str, name: str, lines: Sequence[Mapping[str, float]]) -> Curve:
    """One column of the log over the steps."""
    every = -(-len(lines) // _POINTS)
    shown = [line for line in lines[::every] if name in line]
    series = Series(name=name, x=tuple(line["step"] for line in shown), y=tuple(line[name] for line in shown))
    note = "Of the batch of each step, on samples as they are made anew each time."
    return Curve(title=title.capitalize(), note=note, x_label="step", y_label=name, series=(series,))


def draw(run: Run, objective: Objective, samples: Batch) -> Sequence[Drawing]:
    """The objective's own drawings of some samples."""
    objective.eval()
    with torch.inference_mode():
        return objective.draw(samples, run.data)


def gallery(run: Run, drawings: Sequence[Drawing]) -> Gallery:
    """The drawings, their pictures written beside the fragment."""
    folder = run.folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    items = []
    for number, drawing in enumerate(drawings):
        picture = ""
        if drawing.pixels is not None:
            picture = f"example-{number:02d}.png"
            Image.fromarray(drawing.pixels).save(folder / picture)
        items.append(Item(caption=drawing.caption, picture=picture, text=drawing.text))
    note = "The first samples of the stream, made as in training, after the last step."
    return Gallery(title=f"What {run.name} makes of samples", note=note, items=tuple(items))
