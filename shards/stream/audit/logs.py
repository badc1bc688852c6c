"""The logs of what each rank consumed: one file a rank, one line a stretch.

Rank r appends to `rank-<r>.jsonl` in the folder, whichever process it is after whichever restart:

    {"version": 1, "session": 2, "rank": 0, "world_size": 4, "local_world": 1, "batch_size": 256,
     "start": 4096, "samples": 1024, "digest": "93b1...", "replaced": [[4100, 17, 23]], "state": {...}}

`session` counts the times that the rank began, from 0; `start` is the position at which the stretch of the line begins
and `state` the whole state at its end; `samples` and `digest` (16 hexadecimal digits, see `digest`) are those of this
rank's rows; `replaced` are damaged samples as position, bad id, used id (see `replacement`). A session's first line is
written as it begins, holds no sample, and tells where it was restored; each later one begins where the last one ended.
What a kill cut off is no JSON, and is skipped.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...base.errors import InputError
from ..delivery.state import Fingerprint, StreamState

FOLDER = "consumed"
"""What the folder is called in that of a run, by custom."""

_NAME = "rank-{:05d}.jsonl"
Whole = Annotated[int, Field(ge=0)]


def file_name(rank: int) -> str:
    """The name of a rank's log."""
    return _NAME.format(rank)


def parsed(content: bytes) -> list[tuple[int, dict[str, Any]]]:
    """The lines of a log as JSON, each with its number, from 1; without what a kill cut off."""
    found = []
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            found.append((number, json.loads(line)))
        except ValueError:
            continue
    return found


class Replaced(NamedTuple):
    """A damaged sample: where, its `__id__`, and that of what was read instead."""

    position: Whole
    bad: Whole
    used: Whole


class Line(BaseModel):
    """A stretch that one rank consumed; see the module."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    session: Whole
    rank: Whole
    world_size: Annotated[int, Field(gt=0)]
    local_world: Annotated[int, Field(gt=0)]
    batch_size: Annotated[int, Field(gt=0)]
    start: Whole
    samples: Whole
    digest: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    replaced: tuple[Replaced, ...] = ()
    state: StreamState

    @model_validator(mode="after")
    def _possible(self) -> "Line":
        if not self.rank < self.world_size or self.world_size % self.local_world:
            raise ValueError(f"rank {self.rank} of {self.world_size}, {self.local_world} on a node, is none")
        if self.stop < self.start or (self.stop - self.start) % self.batch_size:
            raise ValueError(f"batches of {self.batch_size} do not lead from {self.start} to {self.stop}")
        return self

    @property
    def stop(self) -> int:
        """The position at which the stretch ends."""
        return self.state.position


def read_lines(path: Path) -> list[Line]:
    """The lines of one rank, in the order in which they were written.

    Raises:
        InputError: It cannot be read, or holds something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"the log {path} cannot be read", found=error.strerror or str(error)) from error
    lines = []
    for number, found in parsed(content):
        try:
            line = Line.model_validate(found)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise InputError(
                f"line {number} of {path} is no line of such a log",
                found=f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}",
                expected="what `ConsumptionLog` of version 1 wrote",
            ) from None
        if path.name != file_name(line.rank):
            raise InputError(f"line {number} of {path} is that of another rank", found=f"rank {line.rank}")
        lines.append(line)
    return lines


def read_logs(folder: Path) -> dict[int, list[Line]]:
    """The lines of all ranks, by rank: of a folder of logs, or of a run that has one (`consumed`).

    Raises:
        InputError: There are none, or one cannot be read.
    """
    for place in (folder, folder / FOLDER):
        paths = sorted(place.glob("rank-*.jsonl"))
        if paths:
            return {lines[0].rank: lines for lines in map(read_lines, paths) if lines}
    raise InputError(
        f"there are no logs in {folder}",
        expected=f"the folder of a run, or the one in it that holds {file_name(0)}",
        remedy="Write them with `ConsumptionLog`, as `headrace train` does",
    )


def settings_of(folder: Path) -> Fingerprint:
    """The fingerprint of the stream whose logs lie in a folder, as its first line has it; errors as for `read_logs`."""
    return next(iter(read_logs(folder).values()))[0].state.fingerprint
