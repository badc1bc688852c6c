"""One checkpoint on the disk: what it says of itself, whether it is whole and whose it is, and its tensors."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner
from torch.distributed.checkpoint.state_dict_loader import load

from headrace.shards.base.errors import StateError

from .storage import Reader, Stored

VERSION = 2
STATE = "state.json"
_SHOWN = 100
"""Characters of a value in a message; the words of a vocabulary, say, are more."""
_TOLD = 6
"""Keys in a message."""
Identity = Mapping[str, Any]


@dataclass(frozen=True)
class Saved:
    """A checkpoint whose state.json was read.

    Args:
        path: Its folder.
        state: What state.json says.
    """

    path: Path
    state: Mapping[str, Any]

    @classmethod
    def at(cls, path: Path) -> "Saved":
        """The checkpoint in a folder.

        Raises:
            StateError: It is damaged.
        """
        try:
            return cls(path, json.loads((path / STATE).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise _damaged(path, f"{STATE}: {error}") from error

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self.state["step"])

    def score(self, number: str) -> float | None:
        """The number by which it is the best or not, where it was known."""
        scores: Mapping[str, float] = self.state.get("score", {})
        return scores.get(number)

    def refuse_others(self, identity: Identity) -> None:
        """Make sure that it belongs to a run.

        Raises:
            StateError: It was written by another version, or belongs to something else; both sides are shown.
        """
        if self.state.get("version") != VERSION:
            raise StateError(
                f"{self.path} was written by another version",
                found=f"version {self.state.get('version')}",
                expected=f"version {VERSION}",
                remedy="Give another --out, or continue it with the version of headrace that wrote it",
            )
        # Through JSON and back, so that tuples and lists are one.
        found, expected = self.state["identity"], json.loads(json.dumps(identity))
        names = [name for name in {**found, **expected} if found.get(name) != expected.get(name)]
        if names:
            raise StateError(
                f"the checkpoint {self.path} belongs to another run",
                found=_told(found, names),
                expected=_told(expected, names),
                remedy="Give another --out to start anew, or the recipe, data and overrides of that run to continue it",
            )

    def stored(self) -> Stored:
        """What it holds of which tensors.

        Raises:
            StateError: It is damaged.
        """
        for name, length in self.state["files"].items():
            file = self.path / name
            found = file.stat().st_size if file.exists() else None
            if found != length:
                how = "is missing" if found is None else f"has {found:,} bytes of {length:,}"
                raise _damaged(self.path, f"{name} {how}")
        try:
            return self._reader().read()
        except (SafetensorError, OSError, ValueError) as error:
            raise _damaged(self.path, str(error)) from error

    def load(self, targets: dict[str, Tensor]) -> None:
        """Read tensors into these, each process its own parts.

        Raises:
            StateError: It is damaged, or does not fit.
        """
        planner = DefaultLoadPlanner(flatten_state_dict=False, flatten_sharded_tensors=False)
        try:
            # Each process for itself: what one cannot read, none can do without.
            load(targets, storage_reader=self._reader(), planner=planner, no_dist=True)
        except CheckpointException as error:
            ((cause, _),) = error.failures.values()
            if isinstance(cause, SafetensorError | OSError):
                raise _damaged(self.path, str(cause)) from error
            raise self.misfit(str(cause)) from error

    def misfit(self, found: str) -> StateError:
        """The end of reading a checkpoint that has other tensors than the network."""
        return StateError(
            f"the checkpoint {self.path} does not fit the network",
            found=found,
            expected="tensors of the same names and shapes",
            remedy="Undo what changed in the pretext's code since it was written, or give another --out",
        )

    def _reader(self) -> Reader:
        return Reader([self.path / name for name in self.state["files"]])


def _damaged(path: Path, found: str) -> StateError:
    return StateError(
        f"the checkpoint {path} is damaged",
        found=found,
        remedy="Remove that folder; the same line continues from the checkpoint before it, or anew where there is none",
    )


def _told(identity: Identity, names: Sequence[str]) -> str:
    """The values of some keys as a message shows them; of another pretext nearly all differ, and a few say it."""
    told = [f"{name} = {_short(identity.get(name))}" for name in names[:_TOLD]]
    return "; ".join([*told, f"and {len(names) - _TOLD} more"] if len(names) > _TOLD else told)


def _short(value: Any) -> str:
    """A value as a message shows it."""
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
