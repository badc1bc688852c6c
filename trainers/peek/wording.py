"""What was drawn of a view, in so few words that they stand below it."""

from typing import Any

from ..samples.views.drawing import NOT_SOLARIZED
from .style import UNBROKEN

_STEPS = ("brightness", "contrast", "saturation", "hue")
AREA = "%: share of the original's area"
JITTER = "b c s: factors of brightness, contrast and saturation; h: shift of the hue in turns; in the order drawn"
BLUR = "blur: standard deviation in pixels of the view"
MASKED = "grey patches are not seen"


def drawn_lines(row: Any, size: tuple[int, int]) -> tuple[str, ...]:
    """A row of `DRAWN` in words.

    Args:
        row: The row.
        size: Height and width of the full-size picture.
    """
    left, top, right, bottom = row["box"].tolist()
    share = (right - left) * (bottom - top) / (size[0] * size[1])
    place = [_percent(share)]
    place += ["flipped"] if row["flip"] else []
    place += [f"turned {90 * int(row['angle'])}°"] if row["angle"] else []
    filters = ["grey"] if row["grayscale"] else []
    filters += [f"blur{UNBROKEN}{row['sigma']:.2f}"] if row["sigma"] > 0 else []
    filters += [f"solarised from {row['solarize']}"] if row["solarize"] < NOT_SOLARIZED else []
    lines = (", ".join(place), _jitter(row), ", ".join(filters))
    return tuple(line for line in lines if line)


def _percent(share: float) -> str:
    if share < 0.001:
        return "<0.1%"
    return f"{share:.0%}" if share >= 0.01 else f"{share:.1%}"


def _jitter(row: Any) -> str:
    """The steps of the jitter that change anything, such as `c 0.83 b 1.20 h +0.05`."""
    steps = [_STEPS[number] for number in row["order"].tolist()]
    changing = [name for name in steps if row[name] != (0 if name == "hue" else 1)]
    return " ".join(f"{name[0]}{UNBROKEN}{row[name]:{'+' if name == 'hue' else ''}z.2f}" for name in changing)
