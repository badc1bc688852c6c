"""Adoption from end to end: what is written, what later runs look at, what stops them, and streaming it."""

import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from headrace.shards import Stream
from headrace.shards.adoption.adopt import Adoption, adopt
from headrace.shards.adoption.journal import FILE
from headrace.shards.answers import Settings, show_step
from headrace.shards.base.errors import InputError, ShardError, UsageError
from headrace.shards.format.manifest import Manifest
from headrace.shards.format.patience import Patience
from headrace.shards.format.verify import verify

Tars = Callable[[Path, int], None]


def streamed(url: str) -> dict[str, dict[str, Any]]:
    stream = Stream(url, seed=3)
    samples = stream.read(np.arange(stream.samples))
    assert len(samples) == len({sample["__id__"] for sample in samples})
    return {each["__key__"]: {name: each[name] for name in ("txt", "bin")} for each in samples}


def expected(number: int) -> dict[str, dict[str, Any]]:
    keys = [f"{shard:02d}/{row:03d}" for shard in range(number) for row in range(shard + 1)]
    return {key: {"txt": f"{key} txt", "bin": f"{key} bin".encode()} for key in keys}


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != FILE}


def test_beside_the_tars(tmp_path: Path, tars: Tars) -> None:
    tars(tmp_path, 5)
    before = files(tmp_path)
    adoption = adopt([str(tmp_path)], name="five")
    assert adoption.manifest == Manifest.load(tmp_path)
    assert adoption.manifest.name == "five"
    assert adoption.manifest.fields == {"txt": "text/plain", "bin": "application/octet-stream"}
    assert [shard.samples for shard in adoption.manifest.shards] == [1, 2, 3, 4, 5]
    assert {name: data for name, data in files(tmp_path).items() if name in before} == before
    assert verify(str(tmp_path)).ok
    assert streamed(str(tmp_path)) == expected(5)


def test_a_second_run_looks_at_what_is_new_or_changed(tmp_path: Path, tars: Tars) -> None:
    tars(tmp_path, 4)
    adopt([str(tmp_path)])
    first = files(tmp_path)
    assert adopt([str(tmp_path)]).unchanged == 4
    assert files(tmp_path) == first
    (tmp_path / "data-00.index.npz").unlink()
    (tmp_path / "data-01.index.npz").write_bytes(b"damaged")
    assert adopt([str(tmp_path)]).unchanged == 2
    assert files(tmp_path) == first
    os.utime(tmp_path / "data-02.tar", ns=(1, 1))
    assert adopt([str(tmp_path)]).unchanged == 3
    assert files(tmp_path) == first
    shard = (tmp_path / "data-03.tar").read_bytes()
    (tmp_path / "data-04.tar").write_bytes(shard)
    assert adopt([str(tmp_path)]).unchanged == 4
    assert len(Manifest.load(tmp_path).shards) == 5
    (tmp_path / FILE).write_text("damaged")
    assert adopt([str(tmp_path)]).unchanged == 0


def test_tars_that_stay_elsewhere(tmp_path: Path, tars: Tars, store: Any) -> None:
    tars(store.folder / "bucket", 4)
    memory = fsspec.filesystem("memory")
    for path in (store.folder / "bucket").iterdir():
        memory.pipe(f"/elsewhere/{path.name}", path.read_bytes())
    for number, pattern in enumerate(
        [
            f"{store.folder}/bucket/data-*.tar",
            "memory://elsewhere",
            store.http("bucket/data-{00..03}.tar"),
        ]
    ):
        out = tmp_path / f"out{number}"
        assert adopt([pattern], out=str(out), name="x").folder == str(out)
        assert sorted(path.name for path in out.iterdir()) == [
            FILE,
            *(f"data-0{each}.index.npz" for each in range(4)),
            "manifest.json",
        ]
        assert verify(str(out)).ok
        assert streamed(str(out)) == expected(4)
    prints = {Manifest.load(tmp_path / f"out{number}").fingerprint() for number in range(3)}
    assert len(prints) == 1


def test_in_a_bucket(tmp_path: Path, tars: Tars, real_s3: str) -> None:
    tars(tmp_path, 6)
    for path in tmp_path.iterdir():
        fsspec.filesystem("s3").put_file(str(path), f"bucket/adopted/{path.name}")
    assert adopt(["s3://bucket/adopted/data-{00..05}.tar"]).manifest.samples == 21
    assert streamed("s3://bucket/adopted") == expected(6)
    fsspec.filesystem("s3").invalidate_cache()
    assert adopt(["s3://bucket/adopted"]).unchanged == 6


def test_stores_that_fail(tmp_path: Path, tars: Tars, store: Any) -> None:
    tars(store.folder / "bucket", 4)
    pattern = store.http("bucket/data-{00..03}.tar")

    def run(**options: Any) -> Adoption:
        return adopt([pattern], out=str(tmp_path / "out"), patience=Patience(deadline=5), **options)

    (store.folder / "bucket" / "data-01.tar").write_bytes(b"\x1f\x8b" + bytes(5000))
    for kind in ("503", "half", "reset"):
        store.fail(kind, times=1, name="data-02")
    with pytest.raises(ShardError, match=r"1 of 4 tars cannot be adopted.*data-01.tar: .*gunzip.*--leave-out"):
        run()
    assert not (tmp_path / "out" / "manifest.json").exists()
    adoption = run(leave_out=True)
    assert list(adoption.left_out) == ["data-01.tar"]
    assert [shard.name for shard in adoption.manifest.shards] == ["data-00.tar", "data-02.tar", "data-03.tar"]
    assert streamed(str(tmp_path / "out")).keys() == {key for key in expected(4) if key[:2] != "01"}


def test_tars_beside_those_of_the_set_are_no_concern_of_it(tmp_path: Path, tars: Tars) -> None:
    tars(tmp_path, 3)
    (tmp_path / "data-01.tar").write_bytes(b"no tar")
    assert list(adopt([str(tmp_path)], leave_out=True).left_out) == ["data-01.tar"]
    assert verify(str(tmp_path)).ok
    adopt([f"{tmp_path}/data-{{02..02}}.tar"])
    assert [str(each).split(":")[0] for each in verify(str(tmp_path)).problems] == ["data-00.index.npz"]


def test_a_set_of_no_tar_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"no tar")
    with pytest.raises(ShardError, match="without any there is no set"):
        adopt([str(tmp_path)], leave_out=True)


def test_places_that_cannot_be_written(tmp_path: Path, tars: Tars, store: Any) -> None:
    tars(store.folder / "bucket", 1)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"nothing can be written to .*file.*--out"):
        adopt([f"{store.folder}/bucket"], out=str(tmp_path / "file"))
    with pytest.raises(UsageError, match=r"beside the tars.*--out"):
        adopt([store.http("bucket/data-00.tar")])


def start(folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "headrace.shards", "index", str(folder), "--workers", "2"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_goes_on(tmp_path: Path, tars: Tars, kind: signal.Signals) -> None:
    tars(tmp_path, 6)
    big = tarfile.TarInfo("big.bin")
    big.size = 8 << 30
    with open(tmp_path / "last.tar", "wb") as stream:  # sparse on the disk, and long to look through
        stream.write(big.tobuf())
        stream.truncate(512 + big.size + 1024)
    process = start(tmp_path)
    while len(list(tmp_path.glob("*.index.npz"))) < 6:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(kind)
    _, errors = process.communicate(timeout=60)
    assert not (tmp_path / "manifest.json").exists()
    if kind == signal.SIGINT:
        assert process.returncode == 130
        assert "6 of 7 tars looked through and noted" in errors
    (tmp_path / "last.tar").write_bytes((tmp_path / "data-00.tar").read_bytes())
    adoption = adopt([str(tmp_path)])
    assert adoption.unchanged == 6 or kind == signal.SIGKILL
    assert adoption.manifest.samples == 22
    assert verify(str(tmp_path)).ok


def test_the_command(tmp_path: Path, pack: Callable[..., bytes]) -> None:
    files = [("a.jpg", b""), ("b.jpg", b""), ("a.txt", b""), ("NOTES", b"")]
    (tmp_path / "x.tar").write_bytes(pack(files) + b"more")
    process = start(tmp_path)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    for words in (
        "1 tar of 0.0 MB in all, with 3 samples of jpg, txt.",
        "1 file with names that are no `<key>.<field>` are left out, as WebDataset does (NOTES).",
        "is another sample of the same key: 1 sample (a)",
        "goes on for 4 bytes behind its end mark",
    ):
        assert words in printed


def test_questions_about_keys_that_others_chose(
    tmp_path: Path, pack: Callable[..., bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["[/red]", "\x1b[2J", "\udce9", "a b"]
    (tmp_path / "x.tar").write_bytes(pack([(f"{name}.txt", b"") for name in names]))
    adopt([str(tmp_path)])
    show_step(Settings(str(tmp_path), 0, 64, None, None, 4), 0, None)
    printed = capsys.readouterr().out
    for shown in ("[/red]", r"\x1b[2J", r"\udce9", "a b"):
        assert shown in printed
    assert "\x1b[2J" not in printed
