"""Proves from the logs of a run (`logs`) that it saw each sample exactly as often as it should have.

1. Every line is computed anew from the closed form: which samples lie at the positions of the rank's rows, damaged ones
   replaced as the line says and as the order allows (`recount`). Its digest must be the same.
2. Of each rank what restarts undid is left out (`lineage`). What is left of rank 0 must reach from position 0 to the
   end without a gap, and each other rank must have its part of it, and no rank any part twice.

Positions are thus shown to be consumed exactly once each, by the sample that the order puts there; and over the N
positions of an epoch the order puts each sample just once. Logs are believed in what they say of what happened; they
cannot show a step that nobody logged, wherefore a state, such as that of a checkpoint, may say where the end must be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..delivery.state import restore
from ..stream import Stream
from .lineage import Part, before, gaps, part, uncovered
from .logs import Line, read_logs
from .recount import span, wrong_lines


@dataclass(frozen=True)
class AuditAnswer:
    """What the logs of a run prove.

    Attributes:
        samples: Positions from 0 on that were shown to be consumed as they should be, if there is no problem.
        epochs: Of each epoch that they reach the positions consumed, and N.
        lines: Lines that were computed anew.
        ranks: How many ranks have logs.
        sessions: How often the run was begun or continued.
        undone: Positions that restarts undid, and that were consumed anew.
        replaced: Damaged samples in whose place others were read, in the run as it is.
        problems: What is wrong, a sentence each; none where all is proved.
    """

    samples: int
    epochs: tuple[tuple[int, int], ...]
    lines: int
    ranks: int
    sessions: int
    undone: int
    replaced: int
    problems: tuple[str, ...]


def audit(stream: Stream, run: Path, state: Mapping[str, Any] | None = None) -> AuditAnswer:
    """Audit a run.

    Args:
        stream: The stream that it had.
        run: The folder of its logs, or the one that holds that.
        state: A state that the run had, up to which it is to be proved; None for as far as the logs reach.

    Raises:
        InputError: There are no logs, or they are malformed.
        StateError: They are those of another stream.
    """
    logs = read_logs(run)
    for each in {
        tuple(sorted(line.state.fingerprint.items())): line for lines in logs.values() for line in lines
    }.values():
        restore(each.state.model_dump(mode="json"), stream.fingerprint())
    parts = {rank: part(lines) for rank, lines in logs.items()}
    end = _end(parts) if state is None else restore(state, stream.fingerprint()).position
    problems = [*wrong_lines(stream.order, logs.values()), *_doubled(parts, end), *_missing(parts, end)]
    first = parts.get(0)
    return AuditAnswer(
        samples=end,
        epochs=tuple((min(stream.samples, end - begin), stream.samples) for begin in range(0, end, stream.samples)),
        lines=sum(map(len, logs.values())),
        ranks=len(logs),
        sessions=len(first.sessions) if first else 0,
        undone=first.undone if first else 0,
        replaced=sum(_replaced(parts[rank], lines, end) for rank, lines in logs.items()),
        problems=tuple(problems),
    )


def _end(parts: Mapping[int, Part]) -> int:
    """How far the last session reached, by whichever of its ranks says most."""
    if 0 not in parts:
        return max(part.sessions[-1].stop for part in parts.values())
    last = parts[0].sessions[-1]
    mates = [part.sessions[-1] for part in parts.values()]
    return max(each.stop for each in mates if (each.start, each.layout) == (last.start, last.layout))


def _doubled(parts: Mapping[int, Part], end: int) -> list[str]:
    return [
        f"rank {rank}: {span(each.start, each.stop)} were consumed twice, with no restart between"
        for rank, part in parts.items()
        for each in before(part.doubled, end)
    ]


def _missing(parts: Mapping[int, Part], end: int) -> list[str]:
    kept = {rank: before(part.kept, end) for rank, part in parts.items()}
    first = kept.get(0, ())
    found = [f"rank 0: {span(start, stop)} are missing" for start, stop in gaps(first, end)]
    for wanted in first:
        for rank in range(1, wanted.layout.world_size):
            for each in uncovered(wanted, kept.get(rank, ())):
                found.append(f"rank {rank} of {wanted.layout.world_size}: {span(each.start, each.stop)} are missing")
    return found


def _replaced(part: Part, lines: Sequence[Line], end: int) -> int:
    """Replacements in the stretches that were kept."""
    positions = {each.position for line in lines for each in line.replaced if each.position < end}
    return sum(any(each.start <= position < each.stop for each in part.kept) for position in positions)
