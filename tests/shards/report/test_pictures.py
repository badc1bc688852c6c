"""Pictures go into the page whole; whatever is no picture of the folder does not."""

import base64
import io
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
    media_type, _, data = picture.uri.partition(",")
    assert media_type == "data:image/jpeg;base64"
    assert base64.b64decode(data) == (fragment.parent / "photo.jpg").read_bytes()
    assert (picture.width, picture.height, picture.sharp) == (600, 400, False)


def test_a_tiny_picture_is_enlarged_by_a_whole_factor(fragment: Path) -> None:
    Image.new("L", (28, 28)).save(fragment.parent / "a.png")
    Image.new("L", (200, 20)).save(fragment.parent / "strip.png")
    small, strip = embed(fragment, "a.png"), embed(fragment, "strip.png")
    assert (small.width, small.height, small.sharp) == (84, 84, True)
    assert (strip.width, strip.height, strip.sharp) == (400, 40, True)


@pytest.mark.parametrize("name", ["../../secret.png", "/etc/hostname", ".."])
def test_a_path_out_of_the_folder_is_refused(fragment: Path, tmp_path: Path, name: str) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "secret.png")
    with pytest.raises(InputError, match="outside its folder"):
        embed(fragment, name)


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_refused(fragment: Path, content: bytes) -> None:
    (fragment.parent / "x.png").write_bytes(content)
    with pytest.raises(InputError, match="cannot be shown"):
        embed(fragment, "x.png")


def test_a_format_that_is_not_listed_is_refused(fragment: Path) -> None:
    buffer = io.BytesIO()
    Image.new("L", (4, 4)).save(buffer, "TIFF")
    (fragment.parent / "x.png").write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match="cannot be shown"):
        embed(fragment, "x.png")
