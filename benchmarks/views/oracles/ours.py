"""The cases by headrace's renderer."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.trainers.samples.views.drawing import DRAWN, only_cut
from headrace.trainers.samples.views.render import Renderer

from .cases import CASES, CHAIN, KERNEL, PATCH, SIZE, Case

Pixels = NDArray[np.uint8]

_STEPS = ("brightness", "contrast", "saturation", "hue")


def answers(pixels: Pixels) -> list[Pixels]:
    """Each case of a photograph, (SIZE, SIZE, 3)."""
    return [_answer(case, pixels) for case in CASES]


def _answer(case: Case, pixels: Pixels) -> Pixels:
    box = case.value if case.operation in ("bilinear", "bicubic") else PATCH
    plan, out = np.array([only_cut(box)], DRAWN), np.empty((1, 3, SIZE, SIZE), np.uint8)
    for name, value in _drawn(case).items():
        plan[name] = value
    render = Renderer(SIZE, "bicubic" if case.operation == "bicubic" else "bilinear")
    render(pixels, plan["box"].astype(np.float64), plan, out)
    made: Pixels = out[0].transpose(1, 2, 0)
    return made


def _drawn(case: Case) -> dict[str, Any]:
    match case.operation:
        case "jitter in a row":
            return {**CHAIN, "order": [_STEPS.index(name) for name in CHAIN]}
        case "gaussian_blur":
            return {"sigma": case.value, "kernel_size": KERNEL}
        case "bilinear" | "bicubic":
            return {}
        case name:
            return {name: case.value}
