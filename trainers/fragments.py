"""What runs tell the report: a summary, curves, examples of what the network made of its samples, the probes."""

from collections.abc import Mapping, Sequence
from statistics import median

import torch
from PIL import Image

from headrace.shards.base.counts import counted
from headrace.shards.base.report import FOLDER, Curve, Gallery, Item, Series, Table, write_fragment

from .evals.labels import LabelledRecords, ProbeRecipe
from .evals.results import Score
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


def probe_table(name: str, recipe: ProbeRecipe, records: LabelledRecords, scores: Sequence[Score]) -> Table:
    """The results of evaluations, and what a reader must know of them."""
    columns = ("features", "evaluation", "accuracy %", "95%", "over untrained")
    return Table(
        title=f"What the features of {name} are worth",
        note=_probe_note(recipe, records),
        columns=columns,
        rows=tuple(map(_probe_row, scores)),
        highlight=columns[2],
    )


def _probe_note(recipe: ProbeRecipe, records: LabelledRecords) -> str:
    tested, labelled, names = int(records.test.sum()), int((~records.test).sum()), records.classes
    learned = f"{labelled:,} labelled ones"
    intervals = "Wilson; of differences, a paired bootstrap"
    if recipe.labels_per_class:
        learned = f"{recipe.labels_per_class} of each class, drawn {recipe.draws} times from {learned}"
        intervals = "a bootstrap of draws and test records, paired for differences"
    seen = "" if len(records.sources) > 1 else " The network has seen the test records, too, though not their labels."
    return (
        f"Share of {tested:,} test records whose class of {len(names)} "
        f"({', '.join(names[:12])}{', …' if len(names) > 12 else ''}) is found, learned from {learned}, "
        f"with 95% intervals ({intervals}). The untrained network is the same one before its first step.{seen}"
    )


def _probe_row(score: Score) -> tuple[str | float, ...]:
    low, high = (100 * bound for bound in score.interval)
    over = ""
    if score.over_untrained is not None:
        least, most = (100 * bound for bound in score.over_untrained.interval)
        over = f"{100 * score.over_untrained.difference:+.1f} ({least:+.1f} to {most:+.1f})"
    return score.features, score.evaluation, round(100 * score.accuracy, 1), f"{low:.1f} to {high:.1f}", over
