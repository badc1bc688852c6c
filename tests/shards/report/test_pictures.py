"""Pictures go into the page no larger than they are shown; whatever is no picture of the folder does not."""

import base64
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from headrace.shards.base.errors import InputError
from headrace.shards.report.pictures import Picture, embed


@pytest.fixture
def fragment(tmp_path: Path) -> Path:
    file = tmp_path / "out" / "report" / "40-examples.json"
    file.parent.mkdir(parents=True)
    return file


def content(picture: Picture | None) -> tuple[str, bytes]:
    """The media type of an embedded picture, and its bytes."""
    assert picture is not None
    media_type, _, data = picture.uri.partition(";base64,")
    return media_type, base64.b64decode(data)


def noise(width: int, height: int) -> Image.Image:
    return Image.effect_noise((width, height), 60).convert("RGB")


def test_a_picture_that_is_small_enough_keeps_its_own_bytes(fragment: Path) -> None:
    noise(300, 200).save(fragment.parent / "photo.jpg")
    picture = embed(fragment, "photo.jpg")
    assert content(picture) == ("data:image/jpeg", (fragment.parent / "photo.jpg").read_bytes())
    assert picture is not None
    assert (picture.width, picture.height, picture.sharp) == (300, 200, False)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "gif"])
def test_a_large_picture_becomes_a_thumbnail(fragment: Path, ending: str) -> None:
    noise(1600, 800).save(fragment.parent / f"photo.{ending}")
    picture = embed(fragment, f"photo.{ending}")
    media_type, data = content(picture)
    assert media_type == "data:image/jpeg"
    assert len(data) < 60_000 < (fragment.parent / f"photo.{ending}").stat().st_size
    assert picture is not None
    assert Image.open(io.BytesIO(data)).size == (picture.width, picture.height) == (304, 152)


def test_a_thumbnail_stays_transparent(fragment: Path) -> None:
    Image.new("RGBA", (600, 600), (255, 0, 0, 40)).save(fragment.parent / "a.png")
    media_type, data = content(embed(fragment, "a.png"))
    assert media_type == "data:image/png"
    assert Image.open(io.BytesIO(data)).getpixel((5, 5)) == (255, 0, 0, 40)


def test_sixteen_bits_keep_their_greys(fragment: Path) -> None:
    Image.fromarray(np.full((400, 400), 128 << 8, np.uint16)).save(fragment.parent / "a.png")
    _, data = content(embed(fragment, "a.png"))
    assert Image.open(io.BytesIO(data)).getpixel((5, 5)) == 128


@pytest.mark.parametrize("side", [100, 800])
def test_a_picture_that_lies_on_its_side_is_turned(fragment: Path, side: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    noise(2 * side, side).save(fragment.parent / "photo.jpg", exif=exif)
    picture = embed(fragment, "photo.jpg")
    assert picture is not None
    assert picture.height == 2 * picture.width
    _, data = content(picture)
    turned = Image.open(io.BytesIO(data))
    assert turned.height == 2 * turned.width
    assert not turned.getexif()


def test_a_large_picture_that_is_cut_off_is_not_shown(fragment: Path) -> None:
    noise(900, 600).save(fragment.parent / "photo.jpg")
    whole = (fragment.parent / "photo.jpg").read_bytes()
    (fragment.parent / "photo.jpg").write_bytes(whole[: len(whole) // 2])
    assert embed(fragment, "photo.jpg") is None


def test_a_tiny_picture_is_enlarged_by_a_whole_factor(fragment: Path) -> None:
    Image.new("L", (28, 28)).save(fragment.parent / "a.png")
    Image.new("L", (150, 20)).save(fragment.parent / "strip.png")
    small, strip = embed(fragment, "a.png"), embed(fragment, "strip.png")
    assert small is not None
    assert strip is not None
    assert (small.width, small.height, small.sharp) == (84, 84, True)
    assert (strip.width, strip.height, strip.sharp) == (300, 40, True)


@pytest.mark.parametrize("name", ["../../secret.png", "/etc/hostname", ".."])
def test_a_path_out_of_the_folder_is_refused(fragment: Path, tmp_path: Path, name: str) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "secret.png")
    with pytest.raises(InputError, match="outside its folder"):
        embed(fragment, name)


def test_a_missing_file_is_an_error(fragment: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        embed(fragment, "gone.png")


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_what_is_no_picture_is_not_shown(fragment: Path, content: bytes) -> None:
    (fragment.parent / "x.png").write_bytes(content)
    assert embed(fragment, "x.png") is None


def test_a_format_that_is_not_listed_is_not_shown(fragment: Path) -> None:
    Image.new("L", (4, 4)).save(fragment.parent / "x.png", "TIFF")
    assert embed(fragment, "x.png") is None


@pytest.mark.parametrize("side", [8_000, 12_000, 50_000])
def test_a_small_file_that_claims_to_be_huge_is_not_shown(fragment: Path, side: int) -> None:
    buffer = io.BytesIO()
    Image.new("1", (1, 1)).save(buffer, "PNG")
    head = struct.pack(">4sII", b"IHDR", side, side) + buffer.getvalue()[24:29]
    bomb = buffer.getvalue()[:12] + head + struct.pack(">I", zlib.crc32(head)) + buffer.getvalue()[33:]
    (fragment.parent / "bomb.png").write_bytes(bomb)
    assert embed(fragment, "bomb.png") is None
