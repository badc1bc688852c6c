"""What is in a checkpoint: the tensors of model, optimizer and average, each under one name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.distributed.checkpoint.metadata import TensorStorageMetadata

from ..ema import Ema
from ..precision import LossScale
from .storage import Stored

_MODEL, _OPTIMIZER, _EMA = "model", "optimizer", "ema"


@dataclass(frozen=True)
class Contents:
    """Whatever a step changes, but for the stream.

    Args:
        model: Network and loss.
        optimizer: Over its parameters.
        scale: Of the loss.
        ema: The average of its parameters; None where there is none.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scale: LossScale
    ema: Ema | None = None

    def tensors(self) -> dict[str, Tensor]:
        """All tensors by their names in a checkpoint: those that training goes on with, not copies."""
        names = _parameter_names(self.optimizer)
        state = self.optimizer.state_dict()["state"]
        moments = {f"{names[number]}/{key}": value for number, each in state.items() for key, value in each.items()}
        return {**_under(_MODEL, own(self.model)), **_under(_OPTIMIZER, moments), **self._averages()}

    def numbers(self) -> dict[str, float]:
        """What is no tensor, as JSON."""
        return self.scale.state_dict()

    def targets(self, stored: Stored) -> dict[str, Tensor]:
        """Tensors to read a checkpoint into: of model and average their own, of the optimizer new ones."""
        parameters = dict(self.model.named_parameters())
        moments = {
            path: _room(parameters[name], stored[path]) for path, name, _ in _moments(stored) if name in parameters
        }
        return {**_under(_MODEL, own(self.model)), **moments, **self._averages()}

    def take(self, targets: Mapping[str, Tensor], numbers: Mapping[str, float]) -> None:
        """Go on with what was read into the targets."""
        state = self.optimizer.state_dict()
        numbered = {name: number for number, name in enumerate(_parameter_names(self.optimizer))}
        state["state"] = {}
        for path, name, key in _moments(targets):
            state["state"].setdefault(numbered[name], {})[key] = targets[path]
        self.optimizer.load_state_dict(state)
        self.scale.load_state_dict(numbers)

    def _averages(self) -> dict[str, Tensor]:
        return _under(_EMA, self.ema.average) if self.ema else {}


def own(model: nn.Module) -> dict[str, Tensor]:
    """A model's parameters and persistent buffers, each once, however many names it has."""
    found: dict[int, tuple[str, Tensor]] = {}
    # With keep_vars these are the parameters themselves, so that tied ones are known by being one.
    for name, tensor in model.state_dict(keep_vars=True).items():
        found.setdefault(id(tensor), (name, tensor.detach()))
    return dict(found.values())


def network_targets(model: nn.Module, stored: Stored) -> dict[str, Tensor]:
    """A model's tensors to read a checkpoint into: of parameters the averages, where there are any."""
    targets = {}
    for name, tensor in own(model).items():
        average = f"{_EMA}/{name}"
        targets[average if average in stored else f"{_MODEL}/{name}"] = tensor
    return targets


def _under(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{part}/{name}": tensor for name, tensor in tensors.items()}


def _moments(paths: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Of each moment its name in a checkpoint, its parameter's name, and which moment it is."""
    for path in paths:
        part, _, rest = path.partition("/")
        if part == _OPTIMIZER:
            name, _, key = rest.rpartition("/")
            yield path, name, key


def _parameter_names(optimizer: torch.optim.Optimizer) -> list[str]:
    """In the order of the numbers by which an optimizer's state_dict calls them."""
    return [name for group in optimizer.param_groups for name in group["param_names"]]


def _room(parameter: Tensor, about: TensorStorageMetadata) -> Tensor:
    """Room for a moment: what has a parameter's shape is sharded as it is, the rest, such as a count, is whole."""
    like = parameter.detach()
    if about.size and about.size == like.shape:
        return torch.empty_like(like, dtype=about.properties.dtype)
    return torch.empty(about.size, dtype=about.properties.dtype)
