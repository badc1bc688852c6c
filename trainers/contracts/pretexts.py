"""The contract of a pretext as checks that run on any pretext, yours too: `assert check_pretext(Mine) == []`.

Each law is tried on each of the class' `examples`: a record, parameters, and a tiny network, without dropout.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import is_dataclass
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from headrace.shards.base.contracts import Finding
from headrace.shards.base.errors import HeadraceError
from headrace.shards.base.generators import Generators
from headrace.shards.base.recipe import make
from headrace.shards.base.rng import generator
from headrace.shards.stream.sources.transforms import BatchTransform

from ..backbones import BackboneRecipe, hidden_width
from ..distributed import ALONE
from ..layers.batch_norm import GroupedBatchNorm, arrange
from ..pretext.base import Pretext, PretextExample
from ..registries import PRETEXTS
from ..step import backward
from .trial import ROWS, Trial, gradients, losses, rows_of

FORM = "it has the form of a pretext"
MADE = "its examples can be made, and sampled"

FIRST = (FORM, MADE)
"""Where one of these is broken, the laws after it are not tried."""

_PARTS = slice(0, 3), slice(3, ROWS)
"""Uneven parts of a batch."""
_NEIGHBOURS = (
    "; and with BatchNorm the rows of a sample, such as its views, must be neighbours (see `pretext.base`, Rows)"
)
_STEPS, _RATE, _FALLEN = 15, 1e-2, 0.9
"""After so many steps of Adam at this rate on one batch, the loss is less than so much of what it was."""


def check_pretext(found: str | type[Pretext]) -> list[Finding]:
    """Every breach of the contract, none for a good pretext.

    Args:
        found: Its class, or the name of one.

    Raises:
        PluginError: There is no such pretext.
    """
    kind: Any = PRETEXTS.load(found) if isinstance(found, str) else found
    form = [Finding(FORM, what) for what in _form(kind)]
    if form:
        return form
    for number, example in enumerate(kind.examples):
        try:
            trial = _trial(kind, example)
            trial.pretext.sample(trial.record, np.random.default_rng(0))
        except Exception as error:
            return [Finding(MADE, f"example {number}: {_told(error)}")]
    return [
        Finding(law, f"example {number}: {what}")
        for number, example in enumerate(kind.examples)
        for law, tried in LAWS.items()
        for what in _tried(tried, kind, example)
    ]


def _form(kind: Any) -> Iterator[str]:
    if not (isinstance(kind, type) and issubclass(kind, Pretext)):
        yield f"{kind!r} is no subclass of Pretext"
        return
    if not is_dataclass(kind) or not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        yield "it is no frozen dataclass: put @dataclass(frozen=True, kw_only=True) above the class"
    if "small" not in getattr(kind, "recipes", {}):
        yield "its `recipes` have no 'small', which a training recipe stands on unless it says otherwise"
    if not kind.examples:
        yield "it has no `examples` to try it on"


def _trial(kind: type[Pretext], example: PretextExample) -> Trial:
    torch.manual_seed(0)
    pretext = make(kind, example.parameters, Path.cwd())
    return Trial.of(pretext, pretext.objective(BackboneRecipe(**example.backbone)), deepcopy(example.record))


def _tried(law: Callable[[Trial], Iterator[str]], kind: type[Pretext], example: PretextExample) -> list[str]:
    try:
        return list(law(_trial(kind, example)))
    except Exception as error:
        return [_told(error)]


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, HeadraceError) else f"it raises {type(error).__name__}: {error}"


def _samples_depend_on_record_and_generator(trial: Trial) -> Iterator[str]:
    before = deepcopy(trial.record)
    rngs = [np.random.default_rng(seed) for seed in (1, 1, 2)]
    first, same, other = (trial.pretext.sample(trial.record, rng) for rng in rngs)
    if _differing(before, trial.record):
        yield "the record is another one afterwards"
    yield from (f"'{name}' is another one the second time" for name in _differing(first, same))
    for name, array in first.items():
        if (array.shape, array.dtype) != (other[name].shape, other[name].dtype):
            yield f"'{name}' has another shape or dtype by another generator: {array.shape}, {other[name].shape}"
            return
    drawn = rngs[0].bit_generator.state != np.random.default_rng(1).bit_generator.state
    if drawn and not _differing(first, other):
        yield "it draws from the generator, and nothing of a sample depends on it"
    if not drawn and _differing(first, other):
        yield "samples differ though nothing was drawn from their generator"


def _batches_share_by_their_generator(trial: Trial) -> Iterator[str]:
    pretext = trial.pretext
    drawn = [pretext.of_batch(ROWS, np.random.default_rng(seed)) for seed in (1, 1)]
    first, same = (pretext.sample({**trial.record, **shared}, np.random.default_rng(0)) for shared in drawn)
    yield from (f"'{name}' is another one the second time" for name in _differing(first, same))


def _transform_agrees_with_sample(trial: Trial) -> Iterator[str]:
    pretext = trial.pretext
    if not isinstance(pretext.transform, BatchTransform):
        if pretext.transform != pretext.sample:
            yield "its `transform` is neither `sample` nor a BatchTransform"
        return
    rngs = Generators.of([("trial", row) for row in range(ROWS)])
    columns = pretext.transform([dict(trial.record)] * ROWS, rngs, np.empty)
    for row in range(ROWS):
        sample = pretext.sample(trial.record, generator("trial", row))
        for name in _differing(sample, {name: np.asarray(column[row]) for name, column in columns.items()}):
            yield f"'{name}' of row {row} is another one"
            return


def _travels(trial: Trial) -> Iterator[str]:
    # As a worker that was started afresh is given it.
    travelled = ForkingPickler.loads(ForkingPickler.dumps(trial.pretext))
    a, b = (each.sample(trial.record, np.random.default_rng(0)) for each in (trial.pretext, travelled))
    yield from (f"'{name}' is another one there" for name in _differing(a, b))


def _terms_are_sums(trial: Trial) -> Iterator[str]:
    batch, cuts = trial.batch(), (slice(0, ROWS), *_PARTS)
    whole, *parts = losses(trial.objective, batch, cuts)
    counts, *split = (trial.objective.targets(rows_of(batch, cut)) for cut in cuts)
    if whole.terms.keys() != counts.keys():
        yield f"`loss` has the terms {[*whole.terms]}, and `targets` {[*counts]}"
        return
    hint = _NEIGHBOURS if _has_norms(trial.objective) else ""
    for name, term in whole.terms.items():
        if term.shape != ():
            yield f"the term '{name}' is no scalar but {tuple(term.shape)}"
        if counts[name] <= 0:
            yield f"the term '{name}' has no targets"
        if counts[name] != (apart := sum(each[name] for each in split)):
            yield f"of '{name}' there are {counts[name]} targets in a batch, and {apart} in its parts"
        if not _close(term, sum(each.terms[name] for each in parts)):
            parts_of = f"the term '{name}' of a batch is no sum over its parts"
            yield f"{parts_of}: a term is a sum over targets, not their mean{hint}"
    for name, mean in whole.metrics.items():
        if not _close(mean.total, sum(each.metrics[name].total for each in parts)):
            yield f"the metric '{name}' of a batch is no sum over its parts"
        if mean.total.requires_grad:
            yield f"the metric '{name}' has a gradient"


def _representations_are_rows(trial: Trial) -> Iterator[str]:
    whole, part = (
        each.representations for each in losses(trial.objective, trial.batch(), (slice(0, ROWS), slice(2, 5)))
    )
    if whole is None or part is None:
        return
    if whole.shape[0] != ROWS or whole.ndim not in (2, 3):
        yield f"they are {tuple(whole.shape)} for {ROWS} samples"
    elif not _close(part, whole[2:5]):
        yield "a sample's is another one in another batch"
    if whole.requires_grad:
        yield "they have a gradient"


def _micro_batches_change_nothing(trial: Trial) -> Iterator[str]:
    objective, batch = trial.objective, trial.batch()
    # With BatchNorm, rows are not alone; groups of two samples are the same in micro-batches of two or more.
    norms = _has_norms(objective)
    arrange(objective, 2, batch_size=ROWS, accumulate=1, world=ALONE)
    whole = gradients(objective, batch)
    # What cancels out but for rounding, such as a bias before a norm, is held against the largest.
    largest = max(float(each.abs().max()) for each in whole.values())
    for accumulate in (2, 4) if norms else (2, 4, 8):
        arrange(objective, 2, batch_size=ROWS, accumulate=accumulate, world=ALONE)
        cut = gradients(objective, batch, accumulate)
        for name, gradient in whole.items():
            if name not in cut or not _close(cut[name], gradient, rtol=1e-3, atol=1e-5 * largest):
                yield f"that of '{name}' is another one with {accumulate} micro-batches"
                return


def _has_norms(objective: nn.Module) -> bool:
    return any(isinstance(each, GroupedBatchNorm) for each in objective.modules())


def _everything_learns(trial: Trial) -> Iterator[str]:
    found = gradients(trial.objective, trial.batch())
    for name, each in trial.objective.named_parameters():
        if each.requires_grad and name not in found:
            yield f"'{name}' gets none: use it, or set requires_grad=False"


def _loss_falls(trial: Trial) -> Iterator[str]:
    batch, objective = trial.batch(), trial.objective
    optimizer = torch.optim.Adam(objective.parameters(), lr=_RATE)
    values = []
    for _ in range(_STEPS):
        optimizer.zero_grad()
        values.append(backward(objective, objective, batch, ALONE).line(ALONE)["loss"])
        optimizer.step()
    if not values[-1] < _FALLEN * values[0]:
        yield f"from {values[0]:.3g} it goes to {values[-1]:.3g} within {_STEPS} steps of Adam"


def _views_give_features(trial: Trial) -> Iterator[str]:
    views, again = (trial.pretext.plain_views(trial.record) for _ in range(2))
    if any(_differing(a, b) for a, b in zip(views, again, strict=True)):
        yield "`plain_views` gives others the second time"
        return
    batch = {name: torch.from_numpy(np.stack([view[name] for view in views])) for name in views[0]}
    features = trial.objective.eval().features(batch)
    wanted = len(views), hidden_width(trial.objective.backbone)
    if tuple(features.shape) != wanted:
        yield f"features are {tuple(features.shape)}, not {wanted}"
    if not torch.isfinite(features).all():
        yield "features are not finite"


LAWS: dict[str, Callable[[Trial], Iterator[str]]] = {
    "a sample is a function of the record and its generator": _samples_depend_on_record_and_generator,
    "what a batch shares is a function of its generator": _batches_share_by_their_generator,
    "its transform makes of many what `sample` makes of each": _transform_agrees_with_sample,
    "its worker half travels to other processes": _travels,
    "terms are sums over the targets that were announced": _terms_are_sums,
    "representations are told row by row, without gradient": _representations_are_rows,
    "micro-batches change no gradient": _micro_batches_change_nothing,
    "every trainable parameter gets a gradient": _everything_learns,
    "the loss falls": _loss_falls,
    "plain views have fixed shapes and give features": _views_give_features,
}


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[str]:
    """The names of arrays that are not the same."""
    return [name for name in {**one, **other} if not np.array_equal(one.get(name, ()), other.get(name, ()))]


def _close(one: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-5) -> bool:
    return torch.allclose(torch.as_tensor(one), torch.as_tensor(other), rtol=rtol, atol=atol)
