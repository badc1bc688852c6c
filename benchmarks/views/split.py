"""A table of where headrace's time goes: each row leaves out a step of the one above; then bare decoding."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..harness import OURS, Benchmark, Contestant, Done, Setting, Timed
from .pictures import TARS, write_pictures
from .with_headrace import batches_of
from .work import Work

BLUR: Mapping[str, Any] = {"gaussian_blur": {"p": 0.0}}
COLOUR: Mapping[str, Any] = {"color_jitter": {"p": 0.0}, "grayscale": 0.0, "solarize": {"p": 0.0}}


def split(title: str, paper: str, pictures: str, samples: int, batch: int) -> Benchmark:
    """The benchmark of a paper's views in one process on one core.

    Args:
        title: The table's heading.
        paper: Whose views.
        pictures: A folder of the corpus.
        samples: In an epoch.
        batch: Samples of one.
    """

    def prepare(setting: Setting) -> None:
        write_pictures(setting, pictures, 2 * batch if setting.small else samples)

    work = Work(paper, batch)
    setups: dict[str, Callable[[Path], Timed]] = {
        "headrace": partial(_views, work, {}),
        "without blur": partial(_views, work, BLUR),
        "and without colour": partial(_views, work, {**BLUR, **COLOUR}),
        "and without crops": partial(_decoded, work),
        "and without decoding: read": partial(_read, work),
        "bare simplejpeg, as small as possible": partial(_bare_simplejpeg, work, True),
        "bare simplejpeg, full size": partial(_bare_simplejpeg, work, False),
        "bare Pillow, as small as possible": partial(_bare_pillow, work, True),
        "bare Pillow, full size": partial(_bare_pillow, work, False),
    }
    contestants = tuple(Contestant(name, OURS, setup) for name, setup in setups.items())
    return Benchmark(title=title, unit="samples", prepare=prepare, contestants=contestants)


def _views(work: Work, changes: Mapping[str, Any], folder: Path) -> Timed:
    """Batches of views, as in the other tables."""
    return batches_of(work, {"preset": work.paper, **changes}, folder)


def _decoded(work: Work, folder: Path) -> Timed:
    """Pictures, decoded for the views that were drawn."""
    decode = _drawn_and_decoded(work)
    batches = _batches(work, folder)

    def make() -> Done:
        samples = 0
        for batch in batches:
            for data in batch["jpg"].values():
                decode(data)
                samples += 1
        return Done(samples)

    return make


def _drawn_and_decoded(work: Work) -> Callable[[Any], Any]:
    import numpy as np

    from headrace.shards.base.images.formats import read_header
    from headrace.trainers.samples.views.decode import decode
    from headrace.trainers.samples.views.planner import Planner
    from headrace.trainers.samples.views.presets import PRESETS

    kinds, rng = PRESETS[work.paper](), np.random.default_rng(0)
    planner = Planner(kinds)
    sizes = np.repeat([view.size for view in kinds], [view.count for view in kinds])

    def decoded(data: Any) -> Any:
        header = read_header(data)
        plan = planner([header.upright_size], rng.random((1, planner.numbers)))[0]
        return decode(data, header, plan["box"], sizes)

    return decoded


def _read(work: Work, folder: Path) -> Timed:
    batches = _batches(work, folder)
    return lambda: Done(sum(len(batch["jpg"].offsets) - 1 for batch in batches))


def _bare_simplejpeg(work: Work, reduced: bool, folder: Path) -> Timed:
    from simplejpeg import decode_jpeg

    files = _files(work, folder)
    least = [(height, width) if reduced else (0, 0) for height, width in _decoded_sizes(work, files)]

    def make() -> Done:
        for data, (height, width) in zip(files, least, strict=True):
            decode_jpeg(data, "RGB", min_height=height, min_width=width)
        return Done(len(files))

    return make


def _bare_pillow(work: Work, reduced: bool, folder: Path) -> Timed:
    from io import BytesIO

    from PIL import Image

    files = _files(work, folder)
    least = _decoded_sizes(work, files)

    def make() -> Done:
        for data, (height, width) in zip(files, least, strict=True):
            picture = Image.open(BytesIO(data))
            if reduced:
                picture.draft("RGB", (width, height))
            picture.convert("RGB")
        return Done(len(files))

    return make


def _decoded_sizes(work: Work, files: list[bytes]) -> list[tuple[int, int]]:
    """Height and width of what headrace decodes for views drawn beforehand."""
    decode = _drawn_and_decoded(work)
    return [decode(data).pixels.shape[:2] for data in files]


def _batches(work: Work, folder: Path) -> Any:
    from headrace.shards import Stream

    return Stream(str(folder / TARS), codecs={}).batches(work.batch, epochs=1)


def _files(work: Work, folder: Path) -> list[bytes]:
    return [bytes(data) for batch in _batches(work, folder) for data in batch["jpg"].values()]
