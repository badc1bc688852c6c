"""Exponential moving averages: of the trained parameters, and of a student's by its teacher.

With the parameter w after step t (from 0) and the momentum m, an average e follows by e = m e + (1 - m) w.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor

from headrace.shards.base.recipe import RecipeModel


class EmaRecipe(RecipeModel):
    """An average of the parameters over the steps, which is what is exported, drawn and evaluated."""

    decay: Annotated[float, Field(ge=0, lt=1)] = 0.9999
    """How much of the average stays at each step; it reaches back about 1 / (1 - decay) steps."""
    warmup: bool = True
    """Reach back over at most a tenth of the steps taken so far: at step t (from 0) the decay is at most
    (1 + t) / (10 + t) (as in TensorFlow), so that the beginnings of a short run do not weigh on its end."""

    def momentum(self, step: int) -> float:
        """How much of the average stays at step `step` (from 0)."""
        return min(self.decay, (1 + step) / (10 + step)) if self.warmup else self.decay


class Ema:
    """An average of a model's trainable parameters, in fp32; of each process its own shards.

    What is not trained by gradients, such as BatchNorm's running statistics, is not averaged: where averages are in
    use, it is the model's own.

    Args:
        model: The model; the average begins where it stands.
        recipe: How far the average reaches back.
    """

    def __init__(self, model: nn.Module, recipe: EmaRecipe) -> None:
        self._model = model
        self._recipe = recipe
        self._followed = {name: each for name, each in model.named_parameters() if each.requires_grad}
        self.average: Mapping[str, Tensor] = {
            name: each.detach().to(torch.float32, copy=True) for name, each in self._followed.items()
        }

    def update(self, step: int) -> None:
        """Follow the parameters after step `step` (from 0)."""
        _move(self.average.values(), self._followed.values(), self._recipe.momentum(step))

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """While the block runs, the model's parameters are the averages."""
        trained = [each.detach().clone() for each in self._followed.values()]
        _copy(self._followed.values(), self.average.values())
        _gather_anew(self._model)
        try:
            yield
        finally:
            _copy(self._followed.values(), trained)
            _gather_anew(self._model)


def follow(teacher: nn.Module, student: nn.Module, momentum: float) -> None:
    """Move a teacher towards its student: every parameter w of it becomes momentum * w + (1 - momentum) * student's.

    Buffers stay: a teacher that is called in training takes BatchNorm's statistics of its own. Call it in `after_step`,
    with `schedules.between` for a momentum that changes over the run.

    Args:
        teacher: What follows; a deep copy of the student, with `requires_grad=False`.
        student: What is followed, sharded as the teacher is.
        momentum: How much of the teacher stays, in [0, 1].
    """
    ahead = dict(student.named_parameters())
    behind = dict(teacher.named_parameters())
    assert ahead.keys() == behind.keys(), "a teacher is a copy of its student"
    _move(behind.values(), (ahead[name] for name in behind), momentum)


@torch.no_grad()
def _move(averages: Iterable[Tensor], towards: Iterable[Tensor], momentum: float) -> None:
    into = [_local(each) for each in averages]
    ahead = [_local(each).to(mine.dtype) for mine, each in zip(into, towards, strict=True)]
    torch._foreach_lerp_(into, ahead, 1 - momentum)


@torch.no_grad()
def _copy(targets: Iterable[Tensor], sources: Iterable[Tensor]) -> None:
    torch._foreach_copy_([_local(each) for each in targets], [_local(each) for each in sources])


def _local(tensor: Tensor) -> Tensor:
    """This process' part: what is done to each number by itself needs no other's."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def _gather_anew(model: nn.Module) -> None:
    """Let go of what FSDP gathered of parameters that are about to change behind its back."""
    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.reshard()
