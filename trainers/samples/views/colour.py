"""Colour jitter in the drawn order and greyscale, fused: from bytes to bytes, in strips that stay in the fast cache.

Within, levels are float32 from 0 to 255, held there after each step and rounded once at the end. The steps are those
of Pillow's `ImageEnhance` and of torchvision, which cut off to bytes after each: a single one differs by a level at
most, hue by 12 from Pillow's, whose HSV has 256 hues, and by one from torchvision's of tensors.
"""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import device

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)
STEPS = 4

STRIP = 1024
"""Pixels of a strip."""

ZERO, HALF, ONE, TWO, THREE, FOUR, SIX, WHITE = map(np.float32, (0, 0.5, 1, 2, 3, 4, 6, 255))
RED, GREEN, BLUE = map(np.float32, (0.299, 0.587, 0.114))
"""Shares of the luma of ITU-R 601."""
UNITS = np.float32(256)
"""Luma is summed up in whole parts of a level, so that the sum is the same in any order."""


@device
def changes(factors: Floats) -> bool:
    """Whether any step changes anything."""
    blended = factors[BRIGHTNESS] != ONE or factors[CONTRAST] != ONE or factors[SATURATION] != ONE
    return bool(blended or factors[HUE] != ZERO)


@device
def recolour(
    planes: Bytes, pixels: int, channels: int, area: int, order: Bytes, factors: Floats, grayscale: bool, strip: Floats
) -> None:
    """Change `planes`, uint8 (channels * pixels,), in place; with `grayscale` only the first of them is right then.

    Args:
        planes: The image. Pixels that only fill it up are black.
        pixels: Of each plane, a multiple of STRIP.
        channels: 1 or 3; a single one is not changed by saturation, hue and greyscale.
        area: Pixels without those that fill up.
        order: Which step comes first, and so on.
        factors: Of brightness, contrast and saturation, and the shift of hue in turns.
        grayscale: Whether it becomes grey.
        strip: Scratch, float32 (3 * STRIP,).
    """
    contrast_at = 0
    while contrast_at < STEPS - 1 and order[contrast_at] != CONTRAST:
        contrast_at += 1
    mean, total = ZERO, 0
    # Contrast needs the mean of all pixels as they are before it, so a first walk goes that far and keeps nothing.
    for walk in range(0 if factors[CONTRAST] != ONE else 1, 2):
        for begin in range(0, pixels, STRIP):
            _load(strip, planes, begin, pixels, channels)
            _steps(strip, channels, order, factors, STEPS if walk else contrast_at, mean)
            if not walk:
                total += _luma_sum(strip, channels)
                continue
            if grayscale and channels == 3:
                _gray(strip)
            _store(planes, strip, begin, pixels, channels)
        mean = np.float32(total / (area * UNITS))


@device
def _load(strip: Floats, planes: Bytes, begin: int, pixels: int, channels: int) -> None:
    for channel in range(channels):
        plane = planes[channel * pixels + begin : channel * pixels + begin + STRIP]
        line = strip[channel * STRIP : (channel + 1) * STRIP]
        for place in range(STRIP):
            line[place] = np.float32(plane[place])


@device
def _store(planes: Bytes, strip: Floats, begin: int, pixels: int, channels: int) -> None:
    for channel in range(channels):
        plane = planes[channel * pixels + begin : channel * pixels + begin + STRIP]
        line = strip[channel * STRIP : (channel + 1) * STRIP]
        for place in range(STRIP):
            plane[place] = np.uint8(line[place] + HALF)


@device
def _steps(strip: Floats, channels: int, order: Bytes, factors: Floats, count: int, mean: np.float32) -> None:
    """The first `count` steps."""
    for turn in range(count):
        step = int(order[turn])
        factor = factors[step]
        if step == HUE:
            if factor != ZERO and channels == 3:
                _shift_hue(strip, factor)
        elif factor != ONE:
            if step == SATURATION:
                if channels == 3:
                    _saturate(strip, factor)
            else:
                _blend(strip[: channels * STRIP], mean if step == CONTRAST else ZERO, factor)


@device
def _blend(strip: Floats, toward: np.float32, factor: np.float32) -> None:
    """Brightness (toward black) and contrast (toward the mean of the luma)."""
    for place in range(len(strip)):
        strip[place] = _held(toward + (strip[place] - toward) * factor)


@device
def _saturate(strip: Floats, factor: np.float32) -> None:
    for place in range(STRIP):
        luma = _luma(strip, place)
        strip[place] = _held(luma + (strip[place] - luma) * factor)
        strip[place + STRIP] = _held(luma + (strip[place + STRIP] - luma) * factor)
        strip[place + 2 * STRIP] = _held(luma + (strip[place + 2 * STRIP] - luma) * factor)


@device
def _shift_hue(strip: Floats, turns: np.float32) -> None:
    """Turn the hue of HSV: its six sectors are straight lines from the smallest to the greatest level and back."""
    shift = turns * SIX
    for place in range(STRIP):
        red, green, blue = strip[place], strip[place + STRIP], strip[place + 2 * STRIP]
        low, high = min(min(red, green), blue), max(max(red, green), blue)
        chroma = high - low
        divisor = chroma if chroma > ZERO else ONE
        from_green = green - blue
        from_blue = TWO * chroma + (blue - red)
        from_red = FOUR * chroma + (red - green)
        sector = from_green if red == high else (from_blue if green == high else from_red)
        hue = sector / divisor + shift
        hue = hue + SIX if hue < ZERO else hue
        hue = hue - SIX if hue >= SIX else hue
        strip[place] = low + chroma * _share(abs(hue - THREE) - ONE)
        strip[place + STRIP] = low + chroma * _share(TWO - abs(hue - TWO))
        strip[place + 2 * STRIP] = low + chroma * _share(TWO - abs(hue - FOUR))


@device
def _gray(strip: Floats) -> None:
    for place in range(STRIP):
        strip[place] = _luma(strip, place)


@device
def _luma_sum(strip: Floats, channels: int) -> int:
    """The sum of the luma of a strip, in `UNITS`."""
    total = 0
    for place in range(STRIP):
        luma = _luma(strip, place) if channels == 3 else strip[place]
        total += int(np.int32(luma * UNITS + HALF))
    return total


@device
def _luma(strip: Floats, place: int) -> np.float32:
    luma: np.float32 = RED * strip[place] + GREEN * strip[place + STRIP] + BLUE * strip[place + 2 * STRIP]
    return luma


@device
def _held(level: np.float32) -> np.float32:
    return min(max(level, ZERO), WHITE)


@device
def _share(value: np.float32) -> np.float32:
    return min(max(value, ZERO), ONE)
