"""What runs tell the report: a summary, curves, examples of what the network made of its samples."""

from collections.abc import Iterator, Sequence
from statistics import median

import torch
from PIL import Image

from headrace.shards.base.counts import counted
from headrace.shards.base.report import FOLDER, Gallery, Item, Table, write_fragment

from .curves import learning, running
from .metrics import WAIT, Line, read_metrics
from .modes import evaluating
from .pretext.base import Batch, Drawing, Objective
from .runs import Run


def write_log(run: Run, objective: Objective) -> None:
    """What the log of a run says until now: a summary and curves.

    Args:
        run: The run.
        objective: The network.
    """
    lines = read_metrics(run.folder)
    # Of step 0 there are only evaluations.
    steps = [line for line in lines if line["step"]]
    if steps:
        write_fragment(run.folder, 10, "training", summary(run, objective, steps))
    for picture in (*learning(lines, list(run.recipe.evals)), *running()):
        if curve := picture.drawn(run.name, lines):
            write_fragment(run.folder, picture.place, picture.file, curve)


def write_examples(run: Run, objective: Objective, samples: Batch) -> None:
    """What the network makes of samples, where the objective draws it.

    Args:
        run: The run.
        objective: The trained network.
        samples: What is drawn.
    """
    drawings = draw(run, objective, samples)
    if drawings:
        write_fragment(run.folder, 30, "examples", gallery(run, drawings))


def summary(run: Run, objective: Objective, lines: Sequence[Line]) -> Table:
    """What was trained, for how long, and how fast."""
    model, last = run.recipe.model, lines[-1]
    seen = int(last["step"]) * model.batch_size
    kept = sum(each.numel() for each in objective.backbone.parameters())
    rows = (
        ("network", f"{model.backbone.type}, {kept / 1e6:,.2f} million parameters"),
        ("steps", f"{int(last['step']):,} of {counted(model.batch_size, 'sample')}: {counted(seen, 'sample')}"),
        ("loss", f"{last['loss']:.4f}, of the last batch"),
        ("samples per second", f"{median(line['samples_per_s'] for line in lines):,.0f}"),
        ("waiting for data", f"{median(line['data_wait'] for line in lines):.1%} of the time{_cause(lines)}"),
        *_machine(lines),
    )
    note = f"Preset {model.preset}, seed {model.seed}. Rates are medians over the run."
    return Table(title=f"Training of {run.name}", note=note, columns=("", "value"), rows=rows)


def _machine(lines: Sequence[Line]) -> Iterator[tuple[str, str]]:
    """What it took of the machine, as far as the lines tell."""
    if rates := [line["tokens_per_s"] for line in lines if "tokens_per_s" in line]:
        yield "tokens per second", f"{median(rates):,.0f}"
    if shares := [line["mfu"] for line in lines if "mfu" in line]:
        yield "MFU", f"{median(shares):.1%} of the devices' peak"
    if taken := [line["memory"] for line in lines if "memory" in line]:
        yield "memory", f"{max(taken) / 1e9:,.2f} GB, of the main process"


def _cause(lines: Sequence[Line]) -> str:
    """What was waited for most."""
    names = [name for name in lines[-1] if name.startswith(WAIT)]
    most = max(names, key=lambda name: sum(line.get(name, 0.0) for line in lines), default="")
    return f", most of it for {most.removeprefix(WAIT)}" if most and any(line.get(most) for line in lines) else ""


def draw(run: Run, objective: Objective, samples: Batch) -> Sequence[Drawing]:
    """The objective's own drawings of some samples."""
    with evaluating(objective), torch.inference_mode():
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
    network = ", by the network with its averaged parameters" if run.recipe.model.ema else ""
    note = f"The first samples of the stream, made as in training, after the last step{network}."
    return Gallery(title=f"What {run.name} makes of samples", note=note, items=tuple(items))
