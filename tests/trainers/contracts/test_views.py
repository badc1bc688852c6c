"""The contract of views finds what breaks it: each law is broken by a view that is good but for that."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from headrace.trainers.contracts.views import FORM, LAWS, MADE, check_view
from headrace.trainers.samples.views.own.base import OwnView


@dataclass(frozen=True, kw_only=True)
class Good(OwnView):
    """A pixel of the picture, and a number."""

    def __call__(self, pixels, rng):
        return np.append(pixels[0, 0, :1], rng.integers(256)).astype(np.int64)


class Unseeded(Good):
    def __call__(self, pixels, rng):
        return super().__call__(pixels, np.random.default_rng())


class Fixed(Good):
    def __call__(self, pixels, rng):
        return pixels[0, 0, :1].copy()


class Sized(Good):
    def __call__(self, pixels, rng):
        return rng.random(len(pixels))


class Writing(Good):
    def __call__(self, pixels, rng):
        pixels[0] = 255 - pixels[0]
        return super().__call__(pixels, rng)


class Sharing(Good):
    def __call__(self, pixels, rng):
        rng.random()
        return pixels[:1, :1]


@dataclass(frozen=True, kw_only=True)
class Rooted(Good):
    stays: object = field(default_factory=lambda: lambda: 0)


FUNCTION, SHAPE, PICTURE, TRAVELS = LAWS


def test_a_good_one_breaks_nothing():
    assert check_view(Good) == []


@pytest.mark.parametrize(
    ("kind", "law", "what"),
    [
        (Unseeded, FUNCTION, "another one the second time"),
        (Fixed, FUNCTION, "the same by another generator"),
        (Sized, SHAPE, "float64 (1,) or float64 (120,)"),
        (Writing, PICTURE, "is another one afterwards"),
        (Sharing, PICTURE, "not a copy"),
        (Rooted, TRAVELS, "pickle"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_each_breach_is_found(kind, law, what):
    assert what in " ".join(finding.what for finding in check_view(kind) if finding.law == law)


def test_the_form_comes_first():
    assert [finding.law for finding in check_view(object)] == [FORM]
    assert [finding.law for finding in check_view(type("Without", (Good,), {"examples": ()}))] == [FORM]
    assert [finding.law for finding in check_view(type("Unmakeable", (Good,), {"examples": ({"count": 0},)}))] == [MADE]
