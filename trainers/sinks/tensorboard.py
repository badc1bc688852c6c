"""TensorBoard: event files in RUN/tensorboard, for `tensorboard --logdir RUN`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..metrics import Line
from .base import Sink, Write, lacking

if TYPE_CHECKING:
    from ..runs import Run

FOLDER = "tensorboard"


@dataclass(frozen=True, kw_only=True)
class Tensorboard(Sink):
    """A curve of every number. Of steps that a continued run takes again, TensorBoard shows the later numbers."""

    @contextmanager
    def open(self, run: "Run", step: int) -> Iterator[Write]:
        """See `Sink.open`."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise lacking("tensorboard", "tensorboard") from error
        # The first step that comes again; of a run that begins anew, that of the untrained network, too.
        again = step + 1 if step else 0
        with SummaryWriter(str(run.folder / FOLDER), purge_step=again) as writer:

            def write(line: Line) -> None:
                for name, value in line.items():
                    if name != "step":
                        writer.add_scalar(name, value, int(line["step"]))
                # Or a kill would take the lines of steps that a checkpoint has.
                writer.flush()

            yield write
