"""How far our answers are from a library's."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.progress import progress

from ...environments import python_of
from ...harness import ROOT
from ..decoded import read_decoded
from .cases import CASES
from .ours import Pixels, answers

LIBRARIES: Mapping[str, str] = {
    "pillow": "torchvision",
    "torchvision": "torchvision",
    "albumentations": "albumentations",
}
"""Each library, and the environment that has it."""


@dataclass(frozen=True)
class Difference:
    """Of all photographs and values of an operation, in levels of 255.

    Args:
        mean: Absolute.
        largest: Of a single value.
        same: Share of the values that are equal.
    """

    mean: float
    largest: int
    same: float


def differences(folder: Path, cache: Path) -> dict[str, dict[str, Difference]]:
    """By operation and library, of the decoded photographs in a folder.

    Raises:
        subprocess.CalledProcessError: A library failed.
    """
    ours = [answers(pixels) for pixels in read_decoded(folder)]
    found: dict[str, dict[str, Difference]] = {case.operation: {} for case in CASES}
    with progress("libraries", len(LIBRARIES)) as advance:
        for library, environment in LIBRARIES.items():
            command = [str(python_of(environment, cache)), "-m", f"{__package__}.peer", library, str(folder)]
            subprocess.run(command, cwd=ROOT, check=True)
            with np.load(folder / f"{library}.npz") as theirs:
                for operation, gaps in _gaps(ours, theirs).items():
                    found[operation][library] = _difference(gaps)
            advance(note=library)
    return found


def _gaps(ours: Sequence[Sequence[Pixels]], theirs: Mapping[str, Pixels]) -> dict[str, list[NDArray[np.int16]]]:
    """Absolute differences of all cases that the library has, by operation."""
    gaps: dict[str, list[NDArray[np.int16]]] = {}
    for photo, made in enumerate(ours):
        for number, (case, answer) in enumerate(zip(CASES, made, strict=True)):
            name = f"{photo}-{number}"
            if name in theirs:
                gaps.setdefault(case.operation, []).append(np.abs(answer.astype(np.int16) - theirs[name]))
    return gaps


def _difference(gaps: Sequence[NDArray[np.int16]]) -> Difference:
    together = np.stack(gaps)
    return Difference(float(together.mean()), int(together.max()), float((together == 0).mean()))
