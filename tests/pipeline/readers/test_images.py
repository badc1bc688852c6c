"""Archives of images, whole and damaged."""

import io
import json
import tarfile
import zipfile

import pytest

from headrace.pipeline.contracts.readers import read_rows as read
from headrace.pipeline.readers.images import Images

FILES = [
    ("train/cat/1.jpg", b"a" * 1000),
    ("train/dog/2.PNG", b"b" * 700),
    ("../../etc/3.png", b"c"),
    ("notes.txt", b"no image"),
    ("__MACOSX/train/cat/._1.jpg", b"no image either"),
    ("test/cat/4.webp", b""),
    ("test/cat/5.gif", b"e" * 600),
]


def zipped(files, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files, mode="w"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


ARCHIVES = {"zip": zipped(FILES), "tar": tarred(FILES), "tar.gz": tarred(FILES, "w:gz")}


def paths(rows):
    return [json.loads(row["meta"]).get("path") for row in rows]


@pytest.mark.parametrize("kind", ARCHIVES)
def test_images_come_with_their_paths(kind):
    rows = read(Images(), ARCHIVES[kind])
    assert paths(rows) == [name for name, _ in FILES if name[-3:] != "txt" and not name.startswith("__")]
    assert [row["image"] for row in rows] == [b"a" * 1000, b"b" * 700, b"c", None, b"e" * 600]
    assert rows[3]["error"] == "the file is empty"
    assert json.loads(rows[1]["meta"])["ext"] == "png"


def test_a_name_that_climbs_out_of_the_archive_is_only_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for data in ARCHIVES.values():
        read(Images(), data)
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_pattern_reads_split_and_label_from_the_path(kind):
    reader = Images(meta_from_path=r"(?P<split>train|test)/(?P<label>[^/]+)/", paths="^t")
    metas = [json.loads(row["meta"]) for row in read(reader, ARCHIVES[kind])]
    assert [(meta["split"], meta["label"]) for meta in metas] == [
        ("train", "cat"),
        ("train", "dog"),
        ("test", "cat"),
        ("test", "cat"),
    ]


def test_a_bad_pattern_is_refused_at_once():
    with pytest.raises(ValueError, match="meta_from_path is no regular expression"):
        Images(meta_from_path="(")


@pytest.mark.parametrize("target", [1, 500, 1200])
def test_a_zip_is_split_between_its_members(target):
    data = ARCHIVES["zip"]
    assert read(Images(), data, target) == read(Images(), data)
    assert len(Images().spans(io.BytesIO(data), len(data), 1)) == len(FILES)


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_image_beyond_the_limit_fails_alone(kind):
    rows = read(Images(max_bytes=650), ARCHIVES[kind])
    assert [row["image"] for row in rows] == [None, None, b"c", None, b"e" * 600]
    assert "more than the limit of 650" in rows[0]["error"]
    assert [row["bytes"] for row in rows] == [1000, 700, 1, 0, 600]


def test_a_zip_member_that_lies_about_its_size_fails_before_it_expands():
    honest = zipped([("a.png", bytes(50_000_000)), ("b.png", b"b")])
    lying = honest.replace((50_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    rows = read(Images(max_bytes=1 << 20), lying)
    assert [row["image"] for row in rows] == [None, b"b"]


def test_a_damaged_zip_member_fails_alone():
    data = bytearray(zipped(FILES[:3], zipfile.ZIP_STORED))
    data[data.index(b"a" * 1000) + 5] ^= 1
    rows = read(Images(), bytes(data))
    assert [row["image"] for row in rows] == [None, b"b" * 700, b"c"]
    assert "CRC" in rows[0]["error"]


def test_an_encrypted_zip_member_fails_alone():
    data = bytearray(zipped(FILES[:2]))
    # The first bit of the flags says that a member is encrypted: in its own header, and in the directory.
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    rows = read(Images(), bytes(data))
    assert "encrypted" in rows[0]["error"]
    assert rows[1]["image"] == b"b" * 700


def test_a_zip_cut_off_is_one_failed_record_of_its_size():
    data = ARCHIVES["zip"][:-30]
    (row,) = read(Images(), data)
    assert "no readable directory" in row["error"]
    assert row["bytes"] == len(data)


def test_a_compressed_tar_cut_off_keeps_what_came_before():
    large = [(f"{number}.png", bytes(str(number), "ascii") * 100_000) for number in range(20)]
    data = tarred(large, "w:gz")
    rows = read(Images(), data[: len(data) // 2])
    assert rows[0]["image"] == large[0][1]
    assert "damaged compression" in rows[-1]["error"]


def test_a_tar_member_without_a_name_is_no_image():
    assert read(Images(), tarred([("", b"nameless"), ("a.png", b"a")]))[-1]["image"] == b"a"


def test_an_empty_archive_has_no_records_and_an_empty_file_is_a_failure():
    assert read(Images(), zipped([])) == []
    assert read(Images(), tarred([])) == []
    assert [row["error"] for row in read(Images(), b"")] == ["the file is empty"]
