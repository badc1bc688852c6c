"""Checkpoints: everything that the next step depends on, as safetensors and JSON, whole or not at all.

    RUN/checkpoints/step-00000500/
        model.safetensors       parameters and buffers of the objective: network, heads, whatever after_step keeps
        optimizer.safetensors   "<parameter>/<key>", such as "backbone.layers.0.mlp.fc1.weight/exp_avg"
        state.json              step, position of the stream, and to whom the checkpoint belongs

Learning rates and random numbers are closed forms of the step, and so not stored. A checkpoint is written under a
temporary name, synced and renamed; then those that are too old go.
"""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from headrace.shards.base.errors import StateError, TrainingError
from headrace.shards.format.atomic import sync

VERSION = 1
_PREFIX = "step-"
Identity = Mapping[str, Any]


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: RUN/checkpoints.
        identity: To whom they belong: whatever must be the same for the run to be the same (flat, JSON).
        keep: How many of the latest stay.
    """

    folder: Path
    identity: Identity
    keep: int

    def steps(self) -> list[int]:
        """The steps of which there is a checkpoint, ascending."""
        return sorted(int(path.name.removeprefix(_PREFIX)) for path in self.folder.glob(f"{_PREFIX}*"))

    def save(self, step: int, model: nn.Module, optimizer: torch.optim.Optimizer, stream: Mapping[str, Any]) -> None:
        """Write the state after `step` steps; an older checkpoint stays until the new one is complete.

        Raises:
            TrainingError: The disk is full, or refuses.
        """
        final = self._path(step)
        temporary = self.folder / f".{final.name}.tmp"
        state = {"version": VERSION, "step": step, "stream": stream, "identity": self.identity}
        try:
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir(parents=True)
            save_file(_whole(model.state_dict()), temporary / "model.safetensors")
            save_file(_flat(optimizer), temporary / "optimizer.safetensors")
            (temporary / "state.json").write_text(json.dumps(state, indent=1), encoding="utf-8")
            _replace(temporary, final)
        except (OSError, SafetensorError) as error:
            shutil.rmtree(temporary, ignore_errors=True)
            raise TrainingError(
                f"the checkpoint of step {step} could not be written",
                found=str(error),
                remedy=f"Make room below {self.folder}; the same line continues from {self._last_words()}",
            ) from error
        for old in self.steps()[: -self.keep]:
            shutil.rmtree(self._path(old))

    def remove_leftovers(self) -> None:
        """Delete what a process that was killed left half-written."""
        for path in self.folder.glob(f".{_PREFIX}*"):
            shutil.rmtree(path)

    def restore(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> tuple[int, Mapping[str, Any]] | None:
        """Put the latest checkpoint into model and optimizer.

        Returns:
            Its step and the state of the stream; None where there is no checkpoint.

        Raises:
            StateError: It belongs to something else; both sides are shown.
        """
        state = self.read()
        if state is None:
            return None
        model.load_state_dict(load_file(self._path(state["step"]) / "model.safetensors"))
        _unflatten(optimizer, load_file(self._path(state["step"]) / "optimizer.safetensors"))
        return state["step"], state["stream"]

    def restore_model(self, model: nn.Module) -> int | None:
        """Put the latest checkpoint into a model alone; its step, or None where there is no checkpoint."""
        state = self.read()
        if state is None:
            return None
        model.load_state_dict(load_file(self._path(state["step"]) / "model.safetensors"))
        return int(state["step"])

    def read(self) -> dict[str, Any] | None:
        """The state.json of the latest checkpoint; None where there is no checkpoint.

        Raises:
            StateError: It belongs to something else; both sides are shown.
        """
        steps = self.steps()
        if not steps:
            return None
        path = self._path(steps[-1]) / "state.json"
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if state.get("version") != VERSION:
            raise StateError(
                f"{path.parent} was written by another version",
                found=f"version {state.get('version')}",
                expected=f"version {VERSION}",
                remedy="Give another --out",
            )
        _refuse_others(path.parent, state["identity"], self.identity)
        return state

    def _path(self, step: int) -> Path:
        return self.folder / f"{_PREFIX}{step:08d}"

    def _last_words(self) -> str:
        steps = self.steps()
        return f"the checkpoint of step {steps[-1]}, which is untouched" if steps else "the start"


def _refuse_others(path: Path, found: Identity, expected: Identity) -> None:
    # Through JSON and back, so that tuples and lists are one.
    expected = json.loads(json.dumps(expected))
    names = [name for name in {**found, **expected} if found.get(name) != expected.get(name)]
    if names:
        raise StateError(
            f"the checkpoint {path} belongs to another run",
            found="; ".join(f"{name} = {found.get(name)}" for name in names),
            expected="; ".join(f"{name} = {expected.get(name)}" for name in names),
            remedy="Give another --out to start anew, or the recipe, data and overrides of that run to continue it",
        )


def _whole(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors fit for safetensors, which refuses two names for one memory: tied ones are written out twice."""
    apart = torch.contiguous_format
    return {name: tensor.detach().cpu().clone(memory_format=apart) for name, tensor in tensors.items()}


def _flat(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimizer.state_dict()
    names = [name for group in state["param_groups"] for name in group["param_names"]]
    return _whole(
        {f"{names[number]}/{key}": value for number, each in state["state"].items() for key, value in each.items()}
    )


def _unflatten(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    state = optimizer.state_dict()
    numbers = {name: number for group in state["param_groups"] for name, number in _numbered(group)}
    state["state"] = {}
    for path, tensor in tensors.items():
        name, _, key = path.rpartition("/")
        state["state"].setdefault(numbers[name], {})[key] = tensor
    optimizer.load_state_dict(state)


def _numbered(group: Mapping[str, Any]) -> list[tuple[str, int]]:
    return list(zip(group["param_names"], group["params"], strict=True))


def _replace(temporary: Path, final: Path) -> None:
    """Sync a folder and what is in it, then give it its name."""
    for path in (*temporary.iterdir(), temporary):
        sync(path)
    if final.exists():
        shutil.rmtree(final)
    os.replace(temporary, final)
    sync(final.parent)
