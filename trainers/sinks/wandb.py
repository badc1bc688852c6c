"""Weights & Biases. Where it sends, and whether at all, is its own affair: see its WANDB_MODE, WANDB_API_KEY, ..."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.shards.base.errors import InputError

from ..metrics import Line
from .base import Sink, Write, lacking

if TYPE_CHECKING:
    from ..runs import Run

FOLDER = "wandb"
_ID = "run-id"


@dataclass(frozen=True, kw_only=True)
class Wandb(Sink):
    """A run of Weights & Biases, its files in RUN/wandb; a continued run goes on in the same one.

    Args:
        project: Its project.
        entity: Whose project it is; None: the default one of the account.
        name: Its name; None: that of the run's folder.
        group: Runs of one group stand together.
        tags: Labels.
    """

    project: str = "headrace"
    entity: str | None = None
    name: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()

    @contextmanager
    def open(self, run: "Run", step: int) -> Iterator[Write]:
        """See `Sink.open`."""
        try:
            import wandb
        except ImportError as error:
            raise lacking("wandb", "wandb") from error
        try:
            session = wandb.init(
                project=self.project,
                entity=self.entity,
                name=self.name or run.folder.resolve().name,
                group=self.group,
                tags=self.tags,
                id=_run_id(run.folder),
                resume="allow",
                dir=run.folder,
                config=run.recipe.model.model_dump(mode="json"),
                settings=wandb.Settings(console="off"),
            )
        except wandb.errors.Error as error:
            raise InputError(
                "log_to: Weights & Biases cannot be reached",
                found=str(error),
                remedy="Log in (`wandb login`), set WANDB_MODE=offline, or take wandb out of log_to",
            ) from error

        def write(line: Line) -> None:
            # Of a step that is taken again it keeps the numbers it has, which are the same.
            session.log({name: value for name, value in line.items() if name != "step"}, step=int(line["step"]))

        with session:
            yield write


def _run_id(folder: Path) -> str:
    """The id of the run in a folder, drawn once."""
    path = folder / FOLDER / _ID
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(secrets.token_hex(4), encoding="utf-8")
    return path.read_text(encoding="utf-8")
