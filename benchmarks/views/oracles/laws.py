"""What is drawn for the views, held against the distributions that the papers name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from headrace.trainers.samples.views.drawing import NOT_SOLARIZED, Plan
from headrace.trainers.samples.views.planner import Planner
from headrace.trainers.samples.views.presets import PRESETS
from headrace.trainers.samples.views.view import View

DRAWS = 20_000
HEIGHT, WIDTH = 3_000, 4_000
"""Of a picture so large that its whole pixels do not show in the distributions."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    """One distribution.

    Args:
        views: Of which preset and view.
        quantity: What is drawn.
        expected: Its distribution.
        draws: How many were looked at.
        distance: Kolmogorov and Smirnov's D; of a probability, and of an order, the largest difference of a share.
        p: The probability of at least that distance if the law holds.
    """

    views: str
    quantity: str
    expected: str
    draws: int
    distance: float
    p: float


def laws() -> Iterator[Law]:
    """Of crops that always fit (DINO's local ones), of those that may not (SimCLR's), and of what changes colours."""
    local = PRESETS["dino"]()[2]
    yield from _crops("dino, local", local, _drawn(local, seed=0))
    simclr = PRESETS["simclr"]()[0]
    drawn = _drawn(simclr, seed=1)
    yield from _crops_tried_again("simclr", simclr, drawn)
    yield from _jitter("simclr", simclr, drawn)
    yield from _others("simclr", simclr, drawn)
    second = PRESETS["dino"]()[1]
    solarized = _drawn(second, seed=2)["solarize"] != NOT_SOLARIZED
    yield _share("dino, global_2", "solarised", second.solarize.p, solarized)


def _drawn(view: View, seed: int) -> Plan:
    planner, rng = Planner([view]), np.random.default_rng(seed)
    samples = DRAWS // view.count
    return planner([(HEIGHT, WIDTH)] * samples, rng.random((samples, planner.numbers))).reshape(-1)


def _sides(drawn: Plan) -> tuple[Floats, Floats]:
    left, top, right, bottom = drawn["box"].T.astype(np.float64)
    return right - left, bottom - top


def _crops(name: str, view: View, drawn: Plan) -> Iterator[Law]:
    width, height = _sides(drawn)
    yield _uniform(name, "share of the area", view.scale, width * height / (HEIGHT * WIDTH))
    logs = log(view.ratio[0]), log(view.ratio[1])
    yield _uniform(name, "logarithm of the aspect", logs, np.log(width / height))
    left, top = drawn["box"][:, 0], drawn["box"][:, 1]
    yield _uniform(name, "place across", (0, 1), (left + 0.5) / (WIDTH - width + 1))
    yield _uniform(name, "place down", (0, 1), (top + 0.5) / (HEIGHT - height + 1))


def _crops_tried_again(name: str, view: View, drawn: Plan) -> Iterator[Law]:
    """Crops that do not fit are drawn again, so that no formula says how the rest is distributed: it is drawn here."""
    rng = np.random.default_rng(3)
    area = rng.uniform(*view.scale, 4 * DRAWS) * HEIGHT * WIDTH
    aspect = np.exp(rng.uniform(log(view.ratio[0]), log(view.ratio[1]), 4 * DRAWS))
    fits = (np.sqrt(area * aspect) <= WIDTH) & (np.sqrt(area / aspect) <= HEIGHT)
    width, height = _sides(drawn)
    for quantity, ours, theirs in (
        ("share of the area", width * height, area[fits]),
        ("aspect", width / height, aspect[fits]),
    ):
        found = stats.ks_2samp(ours, theirs)
        distance, p = float(found.statistic), float(found.pvalue)
        yield Law(name, quantity, "as wanted, of those that fit", DRAWS, distance, p)


def _jitter(name: str, view: View, drawn: Plan) -> Iterator[Law]:
    jitter = view.color_jitter
    changed = drawn["hue"] != 0
    yield _share(name, "jittered", jitter.p, changed)
    drawn = drawn[changed]
    for quantity in ("brightness", "contrast", "saturation"):
        strength = getattr(jitter, quantity)
        yield _uniform(name, quantity, (max(0.0, 1 - strength), 1 + strength), drawn[quantity])
    yield _uniform(name, "hue", (-jitter.hue, jitter.hue), drawn["hue"])
    counts = np.unique(drawn["order"], axis=0, return_counts=True)[1]
    p = float(stats.chisquare(counts).pvalue) if len(counts) == 24 else 0.0
    farthest = float(np.abs(counts / len(drawn) - 1 / 24).max())
    yield Law(name, "order of the four", "24 orders, equally likely", len(drawn), farthest, p)


def _others(name: str, view: View, drawn: Plan) -> Iterator[Law]:
    yield _share(name, "mirrored", view.horizontal_flip, drawn["flip"])
    yield _share(name, "greyscale", view.grayscale, drawn["grayscale"])
    blurred = drawn["sigma"] > 0
    yield _share(name, "blurred", view.gaussian_blur.p, blurred)
    yield _uniform(name, "sigma", view.gaussian_blur.sigma, drawn["sigma"][blurred])


def _uniform(name: str, quantity: str, between: Sequence[float], values: ArrayLike) -> Law:
    low, high = between
    found = stats.kstest(np.asarray(values, np.float64), "uniform", (low, high - low))
    expected, distance, p = f"uniform, {low:.3g} to {high:.3g}", float(found.statistic), float(found.pvalue)
    return Law(name, quantity, expected, np.size(values), distance, p)


def _share(name: str, quantity: str, probability: float, happened: NDArray[np.bool_]) -> Law:
    count = int(happened.sum())
    p = float(stats.binomtest(count, len(happened), probability).pvalue)
    distance = abs(count / len(happened) - probability)
    return Law(name, quantity, f"probability {probability:g}", len(happened), distance, p)
