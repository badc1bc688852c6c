"""The tars, read back by the webdataset library."""

import hashlib
import io

import pytest
import webdataset
from PIL import Image
from webdataset import tariterators

from headrace.pipeline.outputs.webdataset import Webdataset, image_field

TEXTS = ["one", "", "drei äöü", "line\nline\x00", "五" * 1000]


def read(folder, name):
    # Opened here, since the library leaves what it opens itself to the garbage collector.
    with (folder / name).open("rb") as stream:
        source = [{"url": name, "stream": stream}]
        steps = (tariterators.tar_file_expander, tariterators.group_by_keys, webdataset.decode("pil"))
        return list(webdataset.DataPipeline(lambda: source, *steps))


def picture(kind):
    stream = io.BytesIO()
    Image.new("RGB", (4, 3), (200, 10, 10)).save(stream, kind)
    return stream.getvalue()


def test_texts_are_read_back_in_order_with_what_is_said_of_them(tmp_path, batches):
    info = Webdataset().write(tmp_path, 7, batches(TEXTS), tmp_path)
    assert (info.name, info.samples) == ("shard-000007.tar", 5)
    samples = read(tmp_path, info.name)
    assert [sample["txt"] for sample in samples] == TEXTS
    assert [sample["json"]["id"] for sample in samples] == [f"source/file#{row}" for row in range(5)]
    assert [sample["json"]["url"] for sample in samples] == [None, "http://x/1", None, "http://x/3", None]
    assert [sample["json"]["label"] for sample in samples] == list(range(5))
    assert len({sample["__key__"] for sample in samples}) == 5


def test_pictures_have_the_extension_of_what_they_are(tmp_path, batches):
    kinds = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "GIF": "gif"}
    info = Webdataset().write(tmp_path, 0, batches([picture(kind) for kind in kinds], "image"), tmp_path)
    samples = read(tmp_path, info.name)
    for sample, field in zip(samples, kinds.values(), strict=True):
        assert field in sample
    assert samples[0]["png"].size == (4, 3)
    assert set(Webdataset().fields("image")) == {*kinds.values(), "json"}


def test_the_manifests_entry_is_what_lies_there(tmp_path, batches):
    info = Webdataset().write(tmp_path, 0, batches(TEXTS), tmp_path)
    tar = (tmp_path / info.name).read_bytes()
    assert (info.bytes, info.sha256) == (len(tar), hashlib.sha256(tar).hexdigest())


def test_batching_changes_no_byte(tmp_path, batches):
    written = [Webdataset().write(tmp_path / str(rows), 0, batches(TEXTS, rows=rows), tmp_path) for rows in (1, 2, 9)]
    assert len({info.sha256 for info in written}) == 1


@pytest.mark.parametrize("data", [b"", b"RIFF", b"II*\0", b"\xff"])
def test_what_is_no_known_picture_stays_bytes(data):
    assert image_field(data) == "img"
