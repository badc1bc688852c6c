"""56 photographs of 12 megapixels to WebDataset shards: as they are, and made smaller.

`resize` makes them 427 pixels on the shorter side. Both builds are commands, with the start of the interpreter, one
worker, the ledger and the report. The floor is a bare loop of Pillow that makes the same pictures in a process that is
running already: it lets the decoder reduce them as far as the size allows (`draft`), resizes by Lanczos, and keeps the
files in memory.
"""

import io
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from .curation import build
from .harness import OURS, Benchmark, Contestant, Done, Timed
from .smaller_photos import PHOTOS, QUALITY, RESIZE, SHORTER_SIDE, command, files_of, megabytes, write_photos


def as_they_are(folder: Path) -> Timed:
    return _built(folder)


def smaller(folder: Path) -> Timed:
    return _built(folder, RESIZE)


def _built(folder: Path, *overrides: str) -> Timed:
    line, outputs, numbers = [*command(folder), *overrides], TemporaryDirectory(dir=folder), count()

    def run() -> Done:
        out = Path(outputs.name, str(next(numbers)))
        return Done(build(line, out), lambda: {"MB of shards": megabytes(out)})

    return run


def bare_loop(folder: Path) -> Timed:
    from PIL import Image

    originals = list(files_of(folder / PHOTOS).values())

    def made_smaller(data: bytes) -> int:
        with Image.open(io.BytesIO(data)) as photo:
            scale = SHORTER_SIDE / min(photo.size)
            size = round(photo.width * scale), round(photo.height * scale)
            photo.draft("RGB", size)
            encoded = io.BytesIO()
            photo.resize(size, Image.Resampling.LANCZOS).save(encoded, "JPEG", quality=QUALITY)
            return encoded.tell()

    def loop() -> Done:
        sizes = [made_smaller(data) for data in originals]
        return Done(len(sizes), {"MB of files": round(sum(sizes) / 1e6, 1)})

    return loop


BENCHMARK = Benchmark(
    title="Photographs made smaller while building",
    unit="photographs",
    prepare=write_photos,
    contestants=(
        Contestant("Pillow, bare loop", OURS, bare_loop),
        Contestant("headrace build, as they are", OURS, as_they_are),
        Contestant("headrace build, resize", OURS, smaller),
    ),
    warm_up=0,
)
