"""Fields of every kind from an adopted tar through the stream, and what does not decode."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import zstandard
from PIL import Image

from headrace.shards import Stream
from headrace.shards.adoption.adopt import adopt
from headrace.shards.base.errors import StreamError, UsageError
from headrace.shards.stream.sources.codecs import CODECS, ENCODED_IMAGES

PICTURE = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
ROWS = 12


def saved(save, *arguments, **options):
    stream = io.BytesIO()
    save(stream, *arguments, **options)
    return stream.getvalue()


def fields(row):
    text = json.dumps({"row": row}).encode()
    return {
        "json": text,
        "txt": f"größe {row}".encode(),
        "cls": b"%d" % row,
        "npy": saved(np.save, np.full((2, 2), row, np.int16)),
        "npz": saved(np.savez_compressed, a=np.arange(row), b=np.eye(2)),
        "png": saved(Image.fromarray(PICTURE).save, format="PNG"),
        "mask.webp": saved(Image.fromarray(PICTURE).save, format="WEBP", lossless=True),
        "flac": b"fLaC%d" % row,
        "wav": b"RIFF%d" % row,
        "meta.json.zst": zstandard.compress(text),
        "depth.npy.gz": gzip.compress(saved(np.save, np.full(3, row))),
        "other": b"%d" % row,
    }


def write(folder, name, samples):
    folder.mkdir(exist_ok=True)
    with tarfile.open(folder / name, "w") as tar:
        for key, members in samples.items():
            for field, data in members.items():
                info = tarfile.TarInfo(f"{key}.{field}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))


@pytest.fixture
def adopted(tmp_path: Path) -> str:
    write(tmp_path, "a.tar", {f"{row:02d}": fields(row) for row in range(5)})
    write(tmp_path, "b.tar", {f"{row:02d}": fields(row) for row in range(5, ROWS)})
    adopt([str(tmp_path)])
    return str(tmp_path)


def test_every_kind_of_field(adopted):
    samples = Stream(adopted, seed=1).read(np.arange(ROWS))
    assert sorted(sample["cls"] for sample in samples) == list(range(ROWS))
    for sample in samples:
        row = sample["cls"]
        assert sample["__key__"] == f"{row:02d}"
        assert sample["json"] == sample["meta.json.zst"] == {"row": row}
        assert sample["txt"] == f"größe {row}"
        assert sample["npy"].tolist() == [[row, row]] * 2
        assert sample["npz"]["a"].tolist() == list(range(row))
        assert np.array_equal(sample["png"], PICTURE)
        assert np.array_equal(sample["mask.webp"], PICTURE)
        assert bytes(sample["flac"]) == b"fLaC%d" % row
        assert bytes(sample["wav"]) == b"RIFF%d" % row
        assert sample["depth.npy.gz"].tolist() == [row] * 3
        assert bytes(sample["other"]) == b"%d" % row


def test_batches_of_two_workers(adopted):
    stream = Stream(adopted, fields=["png", "npy", "cls", "meta.json.zst"])
    batches = list(stream.loader(4, num_workers=2, steps=3))
    assert [batch["png"].shape for batch in batches] == [(4, 4, 4, 3)] * 3
    assert sorted(int(each) for batch in batches for each in batch["cls"]) == list(range(ROWS))
    for batch in batches:
        assert [each["row"] for each in batch["meta.json.zst"]] == batch["cls"].tolist()


def test_pictures_as_the_bytes_of_their_files(adopted):
    stream = Stream(adopted, codecs={**CODECS, **ENCODED_IMAGES})
    (sample,) = stream.read(np.array([0]))
    assert bytes(sample["png"]) == fields(0)["png"]
    assert bytes(sample["mask.webp"]) == fields(0)["mask.webp"]
    assert sample["npy"].shape == (2, 2)


@pytest.mark.parametrize(
    ("field", "data"),
    [
        ("json", b"{"),
        ("txt", b"\xff"),
        ("cls", b"x"),
        ("npy", b"\x80\x04."),
        ("npz", b"PK"),
        ("png", b"\x89PNG"),
        ("a.json.zst", b"{}"),
        ("a.txt.gz", gzip.compress(b"whole", mtime=0)[:-1]),
    ],
)
def test_what_does_not_decode_is_named(tmp_path, field, data):
    write(tmp_path, "a.tar", {"good": {"txt": b""}, "d/bad": {field: data}})
    adopt([str(tmp_path)])
    stream = Stream(str(tmp_path), fields=[field], tolerated=0)
    with pytest.raises(StreamError, match=rf"field '{field}' of the sample 'd/bad'.*\(row 1 of a.tar\)"):
        next(iter(stream.batches(2)))


@pytest.mark.filterwarnings("ignore::headrace.shards.stream.delivery.budget.DamagedSampleWarning")
def test_a_picture_cut_in_the_middle_gives_its_place_to_a_whole_one(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (5, 64, 64), dtype=np.uint8)
    pictures = [saved(Image.fromarray(each).save, "JPEG") for each in noise]
    pictures[2] = pictures[2][: len(pictures[2]) // 2]
    write(tmp_path, "a.tar", {str(row): {"jpg": picture} for row, picture in enumerate(pictures)})
    adopt([str(tmp_path)])
    batches = Stream(str(tmp_path), lanes=1, tolerated=1.0).batches(5, steps=1)
    (batch,) = batches
    whole = [np.asarray(Image.open(io.BytesIO(pictures[row]))) for row in (0, 1, 3, 4)]
    assert len(batch["jpg"]) == 5
    assert all(any(np.array_equal(found, each) for each in whole) for found in batch["jpg"])
    assert "damaged JPEG" in batches.replaced[0].reason


def test_a_field_that_a_whole_shard_lacks(tmp_path):
    write(tmp_path, "a.tar", {"0": {"txt": b"0", "cls": b"0"}})
    write(tmp_path, "b.tar", {"1": {"txt": b"1"}})
    adopt([str(tmp_path)])
    samples = Stream(str(tmp_path), fields=["txt", "cls"]).read(np.arange(2))
    assert {sample["txt"]: sample.get("cls") for sample in samples} == {"0": 0, "1": None}
    with pytest.raises(UsageError, match=r"no field 'text'.*Did you mean 'txt'"):
        Stream(str(tmp_path), fields=["text"]).read(np.arange(2))
