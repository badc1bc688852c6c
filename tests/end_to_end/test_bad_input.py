"""What can go wrong around a build: one clear message, an exit code, nothing lost or half-written."""

import gzip
import json
import subprocess
from collections import Counter

import pytest

from headrace.shards.base.errors import HeadraceError, InputError


def outside_work(out):
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if ".work" not in path.parts)


@pytest.fixture
def mounted(workshop):
    """Mounts a file system of a given size on the folder `out`, and sets its size anew when called again."""
    out = workshop.folder / "out"
    out.mkdir()
    mounts = []

    def mount(options):
        remount = "remount," if mounts else ""
        command = ["mount", "-t", "tmpfs", "-o", f"{remount}{options}", "headrace", str(out)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting a file system of a fixed size takes rights that we do not have")
        mounts.append(out)

    yield mount
    if mounts:
        subprocess.run(["umount", str(out)], check=True)


def build_on_a_full_disk(workshop, mounted, kilobytes):
    """A build that meets a full disk, and its continuation after space was freed; whether it was met."""
    mounted(f"size={kilobytes}k")
    told = ""
    try:
        workshop.build()
    except InputError as error:
        told = str(error)
    if told:
        assert "No space left" in told
        assert not (workshop.folder / "out/manifest.json").exists()
        assert not list((workshop.folder / "out/.work").glob("*/.tmp-*"))
        assert not [name for name in outside_work(workshop.folder / "out") if name.endswith(".tmp")]
        mounted("size=50m")
        workshop.build()
    assert workshop.shards() == workshop.shards("undisturbed")
    assert workshop.ledger().equals(workshop.ledger("undisturbed"))
    assert outside_work(workshop.folder / "out") == outside_work(workshop.folder / "undisturbed")
    return bool(told)


@pytest.mark.parametrize("kilobytes", [60, 400, 1200])
def test_a_full_disk(workshop, mounted, kilobytes):
    workshop.build("undisturbed")
    assert build_on_a_full_disk(workshop, mounted, kilobytes)


@pytest.mark.slow
def test_a_disk_that_is_full_at_any_moment(workshop, mounted):
    workshop.build("undisturbed")
    kilobytes = 8
    while True:
        mounted("size=50m")
        for path in (workshop.folder / "out").iterdir():
            subprocess.run(["rm", "-rf", str(path)], check=True)
        if not build_on_a_full_disk(workshop, mounted, kilobytes):
            break
        kilobytes += 40
    assert kilobytes > 1000


def test_a_full_disk_under_worker_processes(workshop, mounted):
    mounted("size=300k")
    result = workshop.headrace("build", "tiny.yaml", "--out", "out", "--workers", "2")
    assert result.returncode == 3
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert "the disk is full" in line
    assert "run the same line again" in line
    assert "Traceback" not in result.stderr


def test_an_output_folder_that_is_read_only(workshop, mounted):
    mounted("size=1m,ro")
    with pytest.raises(InputError, match=r"the output folder .*/out cannot be used.*Read-only"):
        workshop.build()


def test_two_builds_at_once(workshop):
    workshop.write_recipe(stages=[{"own.py:few_words": {"pause": 0.05}}])
    command = workshop.command("build", "tiny.yaml", "--out", "out", "--workers", "1")
    first = subprocess.Popen(command, cwd=workshop.folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        while not list((workshop.folder / "out/.work").glob("curate/*")):
            assert first.poll() is None
        second = workshop.headrace("build", "tiny.yaml", "--out", "out")
        assert second.returncode == 3
        assert "another build is running" in second.stderr
    finally:
        first.terminate()
        first.wait()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["missing.yaml"], 2, "there is no recipe missing.yaml"),
        (["tiny.yaml", "inputs=[{path: nowhere.jsonl}]"], 3, "names no file"),
        (["tiny.yaml", "stages=[exact_dedupe]"], 2, "Did you mean 'exact_dedup'?"),
        (["tiny.yaml", "max_failed=0", "--workers", "1"], 6, "too many records failed"),
    ],
)
def test_a_mistake_is_one_line_and_an_exit_code(workshop, arguments, code, told):
    result = workshop.headrace("build", *arguments)
    assert result.returncode == code
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert told in line
    assert "Traceback" not in result.stderr


def test_damaged_inputs_are_failed_records_and_nothing_around_them_is_lost(workshop):
    folder = workshop.folder / "in"
    for path in folder.iterdir():
        path.unlink()
    texts = [
        f"the river number {number} feeds the mill and turns its wheel all through the day" for number in range(40)
    ]
    lines = [json.dumps({"text": text}).encode() for text in texts]
    (folder / "whole.jsonl").write_bytes(b"\n".join(lines[:20]))
    members = [gzip.compress(b"\n".join(lines[start : start + 5]) + b"\n") for start in (20, 25)]
    (folder / "cut.jsonl.gz").write_bytes(members[0] + members[1][:-20])
    (folder / "empty.jsonl").write_bytes(b"")
    (folder / "latin.jsonl").write_bytes(
        b"\n".join([*lines[30:35], '{"text": "größe"}'.encode("latin-1"), *lines[35:]])
    )
    (folder / "noise.jsonl.zst").write_bytes(bytes(range(256)))
    workshop.write_recipe(
        inputs=[{"path": "in"}], stages=["own.py:few_words"], output={"format": "parquet"}, max_failed=0.2
    )
    built = workshop.build()
    rows = workshop.ledger().to_pylist()
    failed = {row["id"].partition("#")[0]: row["reason"] for row in rows if row["fate"] == "failed"}
    assert failed.keys() >= {"tiny/cut.jsonl.gz", "tiny/empty.jsonl", "tiny/latin.jsonl", "tiny/noise.jsonl.zst"}
    assert "UTF-8" in failed["tiny/latin.jsonl"]
    assert "empty" in failed["tiny/empty.jsonl"]
    kept = Counter(row["id"].partition("#")[0] for row in rows if row["fate"] == "kept")
    assert (kept["tiny/whole.jsonl"], kept["tiny/latin.jsonl"]) == (20, 10)
    assert sum(kept.values()) == built.manifest.samples


@pytest.mark.slow
def test_one_build_after_another_in_one_program(workshop):
    workshop.build("one", workers=2)
    with pytest.raises(HeadraceError):
        workshop.build("two", "max_failed=0", workers=2)
    workshop.build("two", workers=2)
    assert workshop.shards("one") == workshop.shards("two")
