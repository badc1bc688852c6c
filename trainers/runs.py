"""A run's folder, and what is made anew from its recipe whenever it is opened.

The folder holds:

    RUN/recipe.yaml       the recipe, presets and overrides applied
    RUN/metrics.jsonl     a line every `log_every` steps
    RUN/checkpoints/      see checkpoint/__init__.py
    RUN/consumed/         what each process consumed, for `headrace stream URL --audit RUN`
    RUN/export/           the network, for AutoModel.from_pretrained
    RUN/report/           fragments, for `headrace report RUN`
    RUN/evals.json        what `headrace eval RUN` found
"""

import dataclasses
import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from headrace.shards.base.errors import InputError
from headrace.shards.base.rng import key

from .checkpoint import Checkpoints
from .data import DataFacts
from .pretext.base import Objective, Pretext
from .recipe import MAY_CHANGE, TrainRecipe, read_recipe

RECIPE = "recipe.yaml"


@dataclass(frozen=True)
class Run:
    """A recipe, the facts of its data, and the folder of the run.

    Args:
        folder: RUN.
        recipe: The recipe.
        data: The training shards.
        pretext: The recipe's pretext, bound to the data.
    """

    folder: Path
    recipe: TrainRecipe
    data: DataFacts
    pretext: Pretext

    @classmethod
    def of(cls, recipe: TrainRecipe, folder: Path) -> "Run":
        """The run of a recipe in a folder, begun or not.

        Raises:
            ManifestError: There are no shards.
            RecipeError: The shards are not what the pretext reads.
        """
        data = DataFacts.of(recipe.model.data.url)
        return cls(folder, recipe, data, recipe.pretext.bind(data))

    @classmethod
    def open(cls, folder: Path, overrides: Sequence[str] = ()) -> "Run":
        """The run in a folder, by the recipe that lies there.

        Raises:
            InputError: There is no run.
        """
        if not (folder / RECIPE).is_file():
            raise InputError(
                f"there is no run in {folder}",
                expected=f"the output folder of `headrace train`, with its {RECIPE}",
                remedy="Check the path, or train first: `headrace train RECIPE --out RUN`",
            )
        return cls.of(read_recipe(folder / RECIPE, overrides), folder)

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Make the folder where it is missing, and keep it to this process while the block runs.

        Raises:
            InputError: It cannot be made or locked, holds something else, or another process trains there.
        """
        place = self.checkpoints.folder
        if self.folder.is_dir() and not place.exists() and any(self.folder.iterdir()):
            raise InputError(
                f"{self.folder} holds something that is no run",
                found=f"files, but no folder {place.name}",
                expected="the folder of this run, or none yet",
                remedy="Choose another --out",
            )
        try:
            place.mkdir(parents=True, exist_ok=True)
            lock = (place / "lock").open("a")
        except OSError as error:
            raise InputError(
                f"the folder {self.folder} cannot be used", found=str(error), remedy="Choose another --out"
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"another process is training in {self.folder}", remedy="Wait for it, or choose another --out"
                ) from None
            except OSError as error:
                raise InputError(
                    f"the folder {self.folder} cannot be locked", found=str(error), remedy="Choose another --out"
                ) from error
            self.checkpoints.remove_leftovers()
            yield

    @property
    def name(self) -> str:
        """What the run is called: its pretext's name."""
        (name,) = self.recipe.model.pretext
        return name.rpartition(":")[2]

    @property
    def checkpoints(self) -> Checkpoints:
        """The run's checkpoints."""
        model = self.recipe.model
        return Checkpoints(self.folder / "checkpoints", self.identity(), model.keep, model.keep_best)

    def identity(self) -> dict[str, Any]:
        """Whatever must be the same for the run to be the same, flat: `optimizer.lr`, `data.manifest`, ..."""
        left_out: Any = {**dict.fromkeys(MAY_CHANGE | {"pretext"}, True), "backbone": {"pretrained"}}
        numbers = self.recipe.model.model_dump(mode="json", exclude=left_out)
        (name,) = self.recipe.model.pretext
        parts = {"pretext": {"plugin": name, **dataclasses.asdict(self.pretext)}, **numbers}
        return {"data.manifest": self.data.fingerprint(), **_flat(parts)}

    def untrained(self) -> Objective:
        """The objective as it is before the first step."""
        torch.manual_seed(device_seed(self.recipe.model.seed, "parameters"))
        return self.pretext.objective(self.recipe.model.backbone)


def device_seed(seed: int, purpose: str, *parts: int) -> int:
    """A seed for torch's generators that depends on exactly these things."""
    return key("headrace.device", seed, purpose, *parts) >> 1


def _flat(parts: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in parts.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
