"""Tars made by real programs, adopted and read: keys, order, fields and bytes are those that WebDataset reads."""

import os
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import webdataset
from webdataset import tariterators

from headrace.shards import Stream
from headrace.shards.adoption.adopt import adopt
from headrace.shards.base.errors import ShardError
from headrace.shards.format.verify import verify

LONG = "long-" * 40
FILES = {
    "a/000.jpg": b"\xff\xd8 0",
    "a/000.json": b"{}",
    "a/000.seg.png": b"png" * 500,
    "a/001.JPG": b"",
    f"{LONG}/{LONG}.txt": b"far down",
    "é/ключ.txt": "größe".encode(),
    "README": b"no field",
    "z.txt": b"z" * 70_000,
}
GNU, BSD = shutil.which("tar"), shutil.which("bsdtar")
needs_gnu = pytest.mark.skipif(GNU is None, reason="GNU tar is not installed")
needs_bsd = pytest.mark.skipif(BSD is None, reason="bsdtar is not installed")


def write_files(folder: Path) -> None:
    for name, data in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    os.utime(folder / "z.txt", ns=(1, 1_700_000_000_123_456_789))


def run(program: str | None, *arguments: str, folder: Path) -> None:
    subprocess.run([str(program), *arguments], cwd=folder, check=True, capture_output=True)


def ours(folder: Path) -> list[dict[str, object]]:
    stream = Stream(str(folder), codecs={})
    samples = sorted(stream.read(np.arange(stream.samples)), key=lambda each: each["__id__"])
    return [
        {name: value if name == "__key__" else bytes(value) for name, value in sample.items() if _is_theirs(name)}
        for sample in samples
    ]


def _is_theirs(name: str) -> bool:
    return name == "__key__" or not name.startswith("__")


def theirs(folder: Path) -> list[dict[str, object]]:
    with ExitStack() as stack:
        paths = sorted(folder.glob("*.tar"))
        sources = [{"url": str(path), "stream": stack.enter_context(open(path, "rb"))} for path in paths]
        samples = list(tariterators.group_by_keys(tariterators.tar_file_expander(sources)))
    return [{name: value for name, value in sample.items() if name != "__url__"} for sample in samples]


def check(folder: Path) -> list[dict[str, object]]:
    """Adopt, and hold what is read against WebDataset; returns it."""
    adopt([str(folder)])
    assert verify(str(folder)).ok
    found = ours(folder)
    assert found == theirs(folder)
    return found


@needs_gnu
@pytest.mark.parametrize("form", ["v7", "oldgnu", "gnu", "ustar", "posix"])
@pytest.mark.parametrize("start", [".", "a é z.txt"])
def test_gnu_tar(tmp_path: Path, form: str, start: str) -> None:
    files, out = tmp_path / "files", tmp_path / "out"
    out.mkdir()
    write_files(files)
    if form in ("v7", "ustar"):
        shutil.rmtree(files / LONG)
    run(GNU, "-c", "--sort=name", f"--format={form}", "-f", str(out / "x.tar"), *start.split(), folder=files)
    found = check(out)
    prefix = "./" if start == "." else ""
    assert found[0]["__key__"] == f"{prefix}a/000"
    assert list(found[0])[1:] == ["jpg", "json", "seg.png"]


@needs_bsd
@pytest.mark.parametrize("form", ["gnutar", "pax", "paxr", "ustar", "v7"])
def test_bsdtar(tmp_path: Path, form: str) -> None:
    files, out = tmp_path / "files", tmp_path / "out"
    out.mkdir()
    write_files(files)
    if form in ("v7", "ustar"):
        shutil.rmtree(files / LONG)
    run(BSD, "-c", "--format", form, "-f", str(out / "x.tar"), "a", "README", "z.txt", folder=files)
    found = check(out)
    assert {sample["__key__"] for sample in found} == {"a/000", "a/001", "z"}


def test_webdatasets_own_writers(tmp_path: Path) -> None:
    samples = [
        {"__key__": f"d/{row:03d}", "jpg": b"j%d" % row, "json": {"row": row}, "cls": row % 3, "seg.png": b"p" * row}
        for row in range(25)
    ]
    with webdataset.ShardWriter(str(tmp_path / "s-%04d.tar"), maxcount=10, verbose=0) as writer:
        for sample in samples:
            writer.write(sample)
    with webdataset.TarWriter(str(tmp_path / "t.tar"), encoder=False) as tar:
        tar.write({"__key__": "last", "bin": b"1"})
    found = check(tmp_path)
    assert [sample["__key__"] for sample in found] == [sample["__key__"] for sample in samples] + ["last"]
    assert found[24]["seg.png"] == b"p" * 24


@needs_gnu
def test_appended_and_concatenated_tars(tmp_path: Path) -> None:
    files, out = tmp_path / "files", tmp_path / "out"
    out.mkdir()
    write_files(files)
    run(GNU, "-cf", str(out / "x.tar"), "a", folder=files)
    run(GNU, "-rf", str(out / "x.tar"), "z.txt", folder=files)
    assert {sample["__key__"] for sample in check(out)} == {"a/000", "a/001", "z"}
    run(GNU, "-rf", str(out / "x.tar"), "z.txt", folder=files)
    with pytest.raises(ShardError, match=r"x.tar: the sample 'z' has the field 'txt' twice.*--append"):
        adopt([str(out)])
    run(GNU, "-cf", str(out / "x.tar"), "a", folder=files)
    run(GNU, "-cf", str(out / "y.tar"), "z.txt", folder=files)
    with open(out / "x.tar", "ab") as stream:
        stream.write((out / "y.tar").read_bytes())
    assert {entry.name: entry.trailing for entry in adopt([str(out)]).entries}["x.tar"] == os.path.getsize(
        out / "y.tar"
    )


@needs_gnu
def test_hard_links_are_the_files_that_they_name(tmp_path: Path) -> None:
    files, out = tmp_path / "files", tmp_path / "out"
    out.mkdir()
    write_files(files)
    (files / "a" / "002.jpg").hardlink_to(files / "a" / "000.jpg")
    (files / "a" / "003.jpg").symlink_to("000.jpg")
    run(GNU, "-c", "--sort=name", "-f", str(out / "x.tar"), "a", folder=files)
    adopt([str(out)])
    assert verify(str(out)).ok
    found = {sample["__key__"]: sample for sample in ours(out)}
    assert found["a/002"] == {"__key__": "a/002", "jpg": b"\xff\xd8 0"}
    assert found["a/003"]["jpg"] == b"\xff\xd8 0"
    # WebDataset's reader leaves links out without a word.
    assert [sample["__key__"] for sample in theirs(out)] == ["a/000", "a/001"]


@needs_gnu
def test_links_that_lead_out_and_special_files_are_refused(tmp_path: Path) -> None:
    files = tmp_path / "files"
    write_files(files)
    (files / "b").mkdir()
    (files / "b" / "x.txt").symlink_to("/etc/passwd")
    (files / "c").mkdir()
    os.mkfifo(files / "c" / "x.txt")
    with open(files / "sparse.bin", "wb") as stream:
        stream.truncate(10_000_000)
        stream.seek(5_000_000)
        stream.write(b"x")
    for number, (words, what) in enumerate(
        [
            ("a link to '/etc/passwd', which is no file of the tar", ["b"]),
            ("a special file", ["c"]),
            ("a sparse file", ["--sparse", "--format=gnu", "sparse.bin"]),
            ("a sparse file", ["--sparse", "--format=posix", "sparse.bin"]),
        ]
    ):
        out = tmp_path / f"out{number}"
        out.mkdir()
        run(GNU, "-cf", str(out / "x.tar"), *what, folder=files)
        with pytest.raises(ShardError, match=rf"x.tar.*{words}.*--dereference"):
            adopt([str(out)])


@needs_gnu
def test_labels_absolute_names_and_names_that_climb(tmp_path: Path) -> None:
    files, out = tmp_path / "files", tmp_path / "out"
    out.mkdir()
    write_files(files)
    run(GNU, "-cPf", str(out / "x.tar"), "-V", "label", str(files / "z.txt"), "../files/a/000.json", folder=files)
    assert [sample["__key__"] for sample in check(out)] == [str(files / "z"), "../files/a/000"]


@needs_gnu
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    files, out = tmp_path / "files", tmp_path / "out"
    files.mkdir()
    out.mkdir()
    for number in range(3):
        Path(os.fsdecode(bytes(files) + b"/caf\xe9%d.txt" % number)).write_bytes(b"%d" % number)
    for form in ("gnu", "posix"):
        run(GNU, "-c", "--sort=name", f"--format={form}", "-f", str(out / f"{form}.tar"), ".", folder=files)
    assert [sample["__key__"] for sample in check(out)] == [f"./caf\udce9{number}" for number in range(3)] * 2


@needs_gnu
@pytest.mark.parametrize(("option", "remedy"), [("-z", "gunzip"), ("-j", "bunzip2"), ("-J", "unxz")])
def test_compressed_tars_are_refused(tmp_path: Path, option: str, remedy: str) -> None:
    write_files(tmp_path / "files")
    run(GNU, "-c", option, "-f", str(tmp_path / "x.tar"), ".", folder=tmp_path / "files")
    with pytest.raises(ShardError, match=rf"compressed as a whole.*{remedy}"):
        adopt([str(tmp_path)])
    (tmp_path / "x.tar").rename(tmp_path / "x.tar.gz")
    with pytest.raises(ShardError, match=rf"compressed as a whole.*{remedy}"):
        adopt([str(tmp_path / "x.tar.gz")])


@needs_gnu
def test_empty_and_truncated_tars(tmp_path: Path) -> None:
    write_files(tmp_path / "files")
    run(GNU, "-cf", str(tmp_path / "x.tar"), "--files-from=/dev/null", folder=tmp_path)
    assert adopt([str(tmp_path)]).manifest.samples == 0
    run(GNU, "-c", "--sort=name", "-f", str(tmp_path / "y.tar"), "a", "z.txt", folder=tmp_path / "files")
    whole = (tmp_path / "y.tar").read_bytes()
    for size, words in ((0, "the end of the file"), (700, "a last block"), (60_000, "ends within the member 'z.txt'")):
        (tmp_path / "y.tar").write_bytes(whole[:size])
        with pytest.raises(ShardError, match=rf"1 of 2 tars cannot be adopted.*y.tar: .*{words}"):
            adopt([str(tmp_path)])
    end = whole.rstrip(b"\0")
    (tmp_path / "y.tar").write_bytes(end + bytes(-len(end) % 512))
    with pytest.raises(ShardError, match=r"truncate -s \+1024"):
        adopt([str(tmp_path)])
    os.truncate(tmp_path / "y.tar", (tmp_path / "y.tar").stat().st_size + 1024)
    assert adopt([str(tmp_path)]).manifest.samples == 3
