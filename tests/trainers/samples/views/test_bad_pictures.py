"""Odd and bad pictures as a run meets them: in shards, through two workers, in views. None stops or hangs it."""

import io
import json
import re
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from headrace.shards import Manifest, Stream
from headrace.shards.base.rng import generator
from headrace.shards.format.writer import ShardWriter
from headrace.trainers.samples.views.image_views import ImageViews
from headrace.trainers.samples.views.slots import Slots

SEED, SECONDS = 3, 60
said = pytest.mark.filterwarnings("ignore::headrace.shards.stream.delivery.budget.DamagedSampleWarning")
forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
pytestmark = [said, forks]

# Below the 64 pixels from which JPEGs are decoded at a reduced size.
RGB = np.asarray(Image.effect_noise((56, 40), 90).convert("RGB")) // np.uint8([1, 2, 3])
OTHER = 255 - RGB


def saved(pixels, kind, **options):
    stream = io.BytesIO()
    (Image.fromarray(pixels) if isinstance(pixels, np.ndarray) else pixels).save(stream, kind, **options)
    return stream.getvalue()


def by_pillow(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, filtered, *between, depth=8, colour=2):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(filtered, 1))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + pixels + chunk(b"IEND", b"")


def oriented(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(RGB, "JPEG", exif=exif)


TURNED = [np.array, np.fliplr, lambda p: np.rot90(p, 2), np.flipud, lambda p: p.transpose(1, 0, 2)]
TURNED += [lambda p: np.rot90(p, -1), lambda p: np.rot90(p, 2).transpose(1, 0, 2), np.rot90]
LINE = np.random.default_rng(0).integers(0, 256, (20_000, 3), dtype=np.uint8)
DEEP = np.random.default_rng(1).integers(0, 1 << 16, (40, 56, 3)).astype(">u2")
PALETTE = Image.fromarray(RGB).quantize(16)
FRAMES = {"save_all": True, "append_images": [Image.fromarray(OTHER)], "duration": 20}
CMYK = saved(Image.fromarray(RGB).convert("CMYK"), "JPEG", progressive=True, icc_profile=b"no profile")
JPEG, SCANS = saved(RGB, "JPEG"), saved(RGB, "JPEG", progressive=True)

TAKEN = {
    "wide": ("png", saved(LINE[None], "PNG"), LINE[None]),
    "tall": ("png", saved(LINE[:, None], "PNG"), LINE[:, None]),
    "tall-jpeg": ("jpg", saved(LINE[:, None], "JPEG"), by_pillow(saved(LINE[:, None], "JPEG"))),
    "two-by-two": ("png", saved(RGB[:2, :2], "PNG"), RGB[:2, :2]),
    "one-pixel": ("webp", saved(RGB[:1, :1], "WEBP", lossless=True), RGB[:1, :1]),
    "cmyk": ("jpg", CMYK, by_pillow(CMYK)),
    "animated-webp": ("webp", saved(RGB, "WEBP", lossless=True, **FRAMES), RGB),
    "animated-png": ("png", saved(RGB, "PNG", **FRAMES), RGB),
    "animated-png-default": ("png", saved(RGB, "PNG", default_image=True, **FRAMES), RGB),
    "deep-grey": ("png", saved(DEEP[..., 0].astype(np.uint16), "PNG"), (DEEP[..., :1].astype(int) + 128) // 257),
    "deep-colour": (
        "png",
        png(56, 40, b"".join(b"\0" + row.tobytes() for row in DEEP), depth=16),
        DEEP >> 8,
    ),
    "palette": ("png", saved(PALETTE, "PNG", transparency=bytes(range(16))), np.asarray(PALETTE.convert("RGB"))),
    "alpha": ("png", saved(np.dstack([RGB, RGB[..., 0]]), "PNG"), RGB),
    "grey": ("png", saved(RGB[..., 0], "PNG"), RGB[..., :1]),
    "jpeg-named-png": ("png", JPEG, by_pillow(JPEG)),
    "junk-behind": ("jpg", JPEG + b"junk", by_pillow(JPEG)),
    "broken-exif": ("jpg", saved(RGB, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"), by_pillow(JPEG)),
    **{f"exif-{n}": ("jpg", oriented(n), TURNED[n - 1](by_pillow(oriented(n)))) for n in range(1, 9)},
}
SCAN = SCANS[SCANS.rindex(b"\xff\xda") : -2]
PIECES = zlib.compress(bytes(1 << 28), 1)
BOMBS = {
    "declared": ("png", png(50_000, 50_000, bytes(1000)), "declares 50,000 x 50,000 pixels"),
    "declared-jpeg": (
        "jpg",
        (lambda at: JPEG[:at] + b"\xff" * 4 + JPEG[at + 4 :])(JPEG.index(b"\xff\xc0") + 5),
        "declares 65,535 x 65,535 pixels",
    ),
    "scans": ("jpg", SCANS[:-2] + SCAN * 5000 + SCANS[-2:], "a progressive JPEG of 5,0.. scans; at most"),
    "cut-within-limits": ("png", png(13_000, 13_000, bytes(1000)), "1,000 of 507,013,000 bytes of pixels are there"),
}
REFUSED = {
    **BOMBS,
    "cut-jpeg": ("jpg", JPEG[: len(JPEG) // 2], "damaged JPEG"),
    "cut-and-closed": ("jpg", JPEG[: len(JPEG) // 2] + b"\xff\xd9", "damaged JPEG"),
    "cut-cmyk": ("jpg", CMYK[: len(CMYK) // 2], "damaged JPEG"),
    "cut-png": ("png", (lambda data: data[: len(data) // 2])(saved(RGB, "PNG")), "damaged PNG"),
    "cut-webp": ("webp", (lambda data: data[: len(data) // 2])(saved(RGB, "WEBP")), "damaged WEBP"),
    "cut-header": ("jpg", JPEG[:150], "cut off after 150 bytes|without a picture"),
    "gif": ("jpg", saved(RGB, "GIF"), "no JPEG, PNG or WebP begins with b'GIF8"),
    "page": ("jpg", b"<!DOCTYPE html><p>Not found", "begins with b'<!DOCTYPE ht"),
    "empty": ("jpg", b"", "begins with b''"),
    "no-pixels": ("png", png(0, 5, b""), "declares 0 x 5 pixels"),
}
# What stands in them beside the pixels is never unpacked whole.
SWOLLEN = {
    "pixels-without-end": ("png", png(8, 8, bytes(1 << 28)), None),
    "text-without-end": ("png", png(8, 8, bytes(200), chunk(b"zTXt", b"Comment\0\0" + PIECES)), None),
    "profile-without-end": ("png", png(8, 8, bytes(200), chunk(b"iCCP", b"p\0\0" + PIECES)), None),
}
SOUND = {f"sound-{n}": ("png", saved(np.roll(RGB, n, 1), "PNG"), np.roll(RGB, n, 1)) for n in range(30)}


def shards_of(folder, pictures):
    with ShardWriter(folder, "0.tar") as writer:
        for name, (extension, data, _) in pictures.items():
            writer.add(name, {extension: data})
    Manifest(kind="samples", name="odd", shards=(writer.info,)).save(folder)
    return str(folder)


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return shards_of(tmp_path_factory.mktemp("odd"), {**TAKEN, **REFUSED, **SOUND})


NUMBER = {name: number for number, name in enumerate([*TAKEN, *REFUSED, *SOUND])}


@pytest.mark.parametrize("preset", ["simclr", "dino", "mae"])
def test_what_can_be_seen_is_taken_and_the_rest_is_replaced_and_told(shards, preset):
    transform = ImageViews(preset)
    stream = Stream(shards, seed=SEED, lanes=1, block=len(NUMBER), tolerated=1.0, transform=transform)
    loader = stream.loader(8, epochs=1, num_workers=2, timeout=SECONDS)
    names, found = list(NUMBER), {}
    for batch in loader:
        for row, (number, epoch) in enumerate(zip(batch["__id__"].tolist(), batch["__epoch__"].tolist(), strict=True)):
            views = {view.name: batch[view.name][row].numpy() for view in transform.views}
            found[names[number]] = epoch, views
    assert found.keys() == {*TAKEN, *SOUND}
    for name, (epoch, views) in found.items():
        reference = {"png": saved(as_seen({**TAKEN, **SOUND}[name][2]), "PNG")}
        expected = transform.one(reference, generator("headrace.transform", SEED, "main", epoch, NUMBER[name]))
        assert all(np.array_equal(views[each], expected[each]) for each in expected), name
    assert {names[each.bad] for each in loader.replaced} == REFUSED.keys()
    for each in loader.replaced:
        assert names[each.used] in found
        assert re.search(REFUSED[names[each.bad]][2], each.reason), each.reason


def as_seen(pixels):
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)).astype(np.uint8))


def test_one_bad_picture_in_a_hundred_costs_hardly_more_than_none(tmp_path, monkeypatch):
    rendered = []
    fill = Slots.fill
    monkeypatch.setattr(Slots, "fill", lambda slots, row, *what: [rendered.append(row), fill(slots, row, *what)])
    sound = {f"sound-{n}": SOUND[f"sound-{n % 30}"] for n in range(198)}
    bad = {name: REFUSED[name] for name in ("cut-jpeg", "gif")}
    stream = Stream(
        shards_of(tmp_path, {**sound, **bad}), lanes=1, block=200, tolerated=1.0, transform=ImageViews("simclr_cifar")
    )
    batches = stream.batches(100, steps=4)
    assert sum(len(batch["view"]) for batch in batches) == 400
    assert len(batches.replaced) == 4
    assert len(rendered) == 400


PROGRAM = """
import json, resource, sys, warnings
from headrace.shards import Stream
from headrace.trainers.samples.views.image_views import ImageViews
warnings.simplefilter("ignore")
for url in sys.argv[1:]:
    stream = Stream(url, lanes=1, tolerated=1.0, transform=ImageViews("simclr_cifar"))
    loader = stream.loader(4, steps=10, num_workers=2)
    assert sum(len(batch["view"]) for batch in loader) == 40
    # Of the largest of the workers so far.
    mebibytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    print(json.dumps([mebibytes, len(loader.replaced)]), flush=True)
"""


def test_bombs_take_no_memory_and_no_time(tmp_path):
    urls = []
    for name, bombs in (("sound", {}), ("bombs", {**BOMBS, **SWOLLEN})):
        (tmp_path / name).mkdir()
        urls.append(shards_of(tmp_path / name, {**bombs, **SOUND}))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *urls], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    (usual, none), (at_most, replaced) = map(json.loads, done.stdout.splitlines())
    assert none == 0
    assert replaced >= len(BOMBS)
    # The pixels that are declared within the limit would take 507 MB.
    assert at_most < usual + 100, f"{usual} MiB became {at_most} MiB"
