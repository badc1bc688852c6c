"""Pictures go into the page whole; whatever is no picture of the folder does not."""

import base64
import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from headrace.shards.base.errors import InputError
from headrace.shards.report.pictures import embed


@pytest.fixture
def fragment(tmp_path: Path) -> Path:
    file = tmp_path / "out" / "report" / "40-examples.json"
    file.parent.mkdir(parents=True)
    return file


def test_the_uri_holds_the_files_own_bytes(fragment: Path) -> None:
    Image.new("RGB", (600, 400)).save(fragment.parent / "photo.jpg")
    picture = embed(fragment, "photo.jpg")
    assert picture is not None
    media_type, _, data = picture.uri.partition(",")
    assert media_type == "data:image/jpeg;base64"
    assert base64.b64decode(data) == (fragment.parent / "photo.jpg").read_bytes()
    assert (picture.width, picture.height, picture.sharp) == (600, 400, False)


def test_a_tiny_picture_is_enlarged_by_a_whole_factor(fragment: Path) -> None:
    Image.new("L", (28, 28)).save(fragment.parent / "a.png")
    Image.new("L", (200, 20)).save(fragment.parent / "strip.png")
    small, strip = embed(fragment, "a.png"), embed(fragment, "strip.png")
    assert small is not None
    assert strip is not None
    assert (small.width, small.height, small.sharp) == (84, 84, True)
    assert (strip.width, strip.height, strip.sharp) == (400, 40, True)


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
