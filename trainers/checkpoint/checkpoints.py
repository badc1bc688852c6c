"""The checkpoints of a run: which there are, which of them stay, and which is read."""

import json
import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import nn

from headrace.shards.base.errors import InputError
from headrace.shards.format.atomic import sync

from .contents import Contents, network_targets
from .saved import STATE, VERSION, Identity, Saved
from .storage import Writer

_PREFIX = "step-"
Best = Mapping[Literal["min", "max"], str]


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: RUN/checkpoints.
        identity: To whom they belong: whatever must be the same for the run to be the same (flat, JSON).
        keep: How many of the latest stay.
        best: Whether the least or most of which number makes a checkpoint the best, which stays as well, such as
            `{"min": "val_loss"}`; None where none is better than another.
    """

    folder: Path
    identity: Identity
    keep: int
    best: Best | None = None

    def steps(self) -> list[int]:
        """The steps of which there is a checkpoint, ascending."""
        return sorted(int(path.name.removeprefix(_PREFIX)) for path in self.folder.glob(f"{_PREFIX}*"))

    def best_step(self) -> int | None:
        """The step of the best checkpoint, the first of equals; None where none has such a number."""
        scores = {}
        for sign, number in (self.best or {}).items():
            for step in self.steps():
                score = Saved.at(self.path(step)).score(number)
                if score is not None:
                    scores[step] = score if sign == "min" else -score
        return min(scores, key=scores.__getitem__, default=None)

    def named(self, name: str) -> Saved | None:
        """The checkpoint that is meant by `last`, `best` or a step; None where there is none at all.

        Raises:
            InputError: There are some, but not this one.
            StateError: It belongs to something else, of which both sides are shown; or it is damaged.
        """
        steps = self.steps()
        if not steps:
            return None
        known = {"last": steps[-1], **{str(step): step for step in steps}}
        step = self.best_step() if name == "best" else known.get(name)
        if step is None:
            raise InputError(
                f"there is no checkpoint '{name}' in {self.folder}",
                found=f"those of the steps {', '.join(map(str, steps))}",
                expected="last, a step, or best, which is known of runs whose recipe has `keep_best`",
                remedy="Name one of these",
            )
        saved = Saved.at(self.path(step))
        saved.refuse_others(self.identity)
        return saved

    def restore(self, contents: Contents) -> tuple[int, Mapping[str, Any]] | None:
        """Put the latest checkpoint into what a step changes.

        Returns:
            Its step and the state of the stream; None where there is no checkpoint.

        Raises:
            StateError: It belongs to something else, or is damaged.
        """
        saved = self.named("last")
        if saved is None:
            return None
        stored = saved.stored()
        targets = contents.targets(stored)
        if unlike := sorted(stored.keys() ^ targets.keys()):
            raise saved.misfit(f"{len(unlike)} tensors that only one of them has, such as {unlike[0]}")
        saved.load(targets)
        contents.take(targets, saved.state["numbers"])
        return saved.step, saved.state["stream"]

    def restore_model(self, model: nn.Module, name: str = "last") -> int | None:
        """Put a checkpoint into a model alone, with the averages of its parameters where there are any.

        Args:
            model: The model.
            name: Which checkpoint: `last`, `best` or a step.

        Returns:
            Its step; None where there is no checkpoint.

        Raises:
            InputError: There are some, but not this one.
            StateError: It belongs to something else, or is damaged.
        """
        saved = self.named(name)
        if saved is None:
            return None
        saved.load(network_targets(model, saved.stored()))
        return saved.step

    def writer(self, step: int, contents: Contents, stream: Mapping[str, Any], score: float | None = None) -> Writer:
        """What writes a checkpoint's tensors; it counts when all of them are on the disk, and too old ones go then.

        Args:
            step: Steps done.
            contents: What a step changes.
            stream: The state of the stream.
            score: The number that makes it the best or not, where it is known of this step.
        """
        state = {"version": VERSION, "step": step, "stream": stream, "numbers": contents.numbers()}
        if self.best and score is not None and math.isfinite(score):
            state["score"] = dict.fromkeys(self.best.values(), score)
        state["identity"] = self.identity
        temporary = self._temporary(step)

        def complete(files: Mapping[str, int]) -> None:
            (temporary / STATE).write_text(json.dumps({**state, "files": files}, indent=1), encoding="utf-8")
            sync(temporary / STATE)
            sync(temporary)
            if self.path(step).exists():
                self._discard(step)
            os.replace(temporary, self.path(step))
            sync(self.folder)
            for old in {*self.steps()[: -self.keep]} - {self.best_step()}:
                self._discard(old)

        return Writer(temporary, complete)

    def give_up(self, step: int) -> None:
        """Delete what there is of a checkpoint that could not be written."""
        shutil.rmtree(self._temporary(step), ignore_errors=True)

    def remove_leftovers(self) -> None:
        """Delete what a process that was killed left half-written, or half-deleted."""
        for path in self.folder.glob(f".{_PREFIX}*"):
            shutil.rmtree(path)

    def path(self, step: int) -> Path:
        """The folder of a checkpoint."""
        return self.folder / f"{_PREFIX}{step:08d}"

    def _temporary(self, step: int) -> Path:
        return self.folder / f".{_PREFIX}{step:08d}.tmp"

    def _discard(self, step: int) -> None:
        """Delete a checkpoint; a kill in the midst of it leaves nothing that looks like one."""
        gone = self.folder / f".{_PREFIX}{step:08d}.old"
        os.replace(self.path(step), gone)
        shutil.rmtree(gone)
