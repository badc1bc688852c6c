"""An epoch of SimCLR's views, 2 x 224, of 56 photographs of 12 megapixels, and of the same after `resize`.

The shards are those of the table of builds: `resize` brought the shorter side to 427 pixels, at quality 90. Both are
read, decoded as far as the views need, and rendered by headrace, in batches of 8, in the process itself. How far views
differ is told in decibels and in levels of 256, for 16 crops of each of the 7 different photographs (8% to 100% of the
area, as SimCLR's): cut out of the original and out of the smaller one at the same place, and resized to 224 pixels by
Pillow's bicubic filter, with no colours changed.
"""

import io
import json
import random
import statistics
from collections.abc import Iterator
from math import log10, sqrt
from pathlib import Path
from typing import Any

from .curation import build
from .harness import OURS, Benchmark, Contestant, Done, Facts, Setting, Timed
from .smaller_photos import PHOTOS, RESIZE, command, files_of, megabytes, write_photos

BATCH = 8
CROPS, SIZE, LEAST_AREA = 16, 224, 0.08
ORIGINALS, SMALLER = "originals", "smaller"


def prepare(setting: Setting) -> None:
    write_photos(setting)
    line = command(setting.folder)
    build(line, setting.folder / ORIGINALS)
    build([*line, RESIZE], setting.folder / SMALLER)


def of_originals(folder: Path) -> Timed:
    return _epochs(folder / ORIGINALS, {})


def of_smaller(folder: Path) -> Timed:
    return _epochs(folder / SMALLER, _differences(folder))


def _epochs(shards: Path, facts: Facts) -> Timed:
    from headrace.shards import Stream
    from headrace.trainers.samples.views.image_views import ImageViews

    loader = Stream(str(shards), transform=ImageViews("simclr")).loader(BATCH, epochs=1)
    told = {"MB": megabytes(shards), **facts}
    return lambda: Done(sum(len(batch["view"]) for batch in loader), told)


def _differences(folder: Path) -> Facts:
    import numpy as np

    levels, decibels, source = [], [], random.Random(0)
    for original, smaller in _pairs(folder):
        for _ in range(CROPS):
            box = _box(source)
            apart = _cut(original, box) - _cut(smaller, box)
            levels.append(float(np.mean(np.abs(apart))))
            decibels.append(20 * log10(255) - 10 * log10(float(np.mean(apart**2))))
    return {
        "dB, median": round(statistics.median(decibels), 1),
        "dB, least": round(min(decibels), 1),
        "mean difference": round(statistics.mean(levels), 2),
    }


def _pairs(folder: Path) -> Iterator[tuple[Any, Any]]:
    """Each different photograph, and what became of it."""
    from PIL import Image

    originals = files_of(folder / PHOTOS)
    for tar in sorted((folder / SMALLER).glob("*.tar")):
        files = files_of(tar)
        for name in files:
            path = json.loads(files[name])["path"] if name.endswith(".json") else ""
            if path.startswith("0/"):
                smaller = files[f"{name.removesuffix('json')}jpg"]
                yield Image.open(io.BytesIO(originals[path])), Image.open(io.BytesIO(smaller))


def _box(source: random.Random) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a crop, in parts of the picture, whose shape it has."""
    side = sqrt(source.uniform(LEAST_AREA, 1))
    left, top = source.uniform(0, 1 - side), source.uniform(0, 1 - side)
    return left, top, left + side, top + side


def _cut(photo: Any, box: tuple[float, float, float, float]) -> Any:
    import numpy as np
    from PIL import Image

    place = tuple(part * length for part, length in zip(box, photo.size * 2, strict=True))
    return np.asarray(photo.resize((SIZE, SIZE), Image.Resampling.BICUBIC, place), np.float64)


BENCHMARK = Benchmark(
    title="Views of photographs made smaller",
    unit="photographs",
    prepare=prepare,
    contestants=(
        Contestant("headrace, originals", OURS, of_originals),
        Contestant("headrace, after resize", OURS, of_smaller),
    ),
)
