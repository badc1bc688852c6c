"""Real files with random damage: no reader and no extractor crashes, hangs or loses a record it has begun."""

import gzip
import json
import random
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "data"
CRAWL = DEMO / "crawl" / "postgresql-15.warc.gz"
BENCHMARK = DEMO / "benchmark" / "HumanEval.jsonl.gz"

KINDS = ("warc", "warc.gz", "jsonl", "jsonl.gz", "html")
NUMBERS = (b"0", b"-1", b"1", b"99999999999999999999", b"4294967296", b"", b"0x10", b"1e9")
PIECES = (
    b"\0",
    b"\r\n\r\n",
    b"WARC/1.0\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"\x1f\x8b\x08\0",
    b'{"text": "',
    b"\\ud800",
    b"\xff\xfe",
)
PIECES += (
    b"<",
    b"<![CDATA[",
    b"<script>",
    b"&#x110000;",
    b"<div>" * 5000,
    b"[" * 5000,
    b"\xf4\x90\x80\x80",
    b"\n",
    b"}",
)


def seeds() -> dict[str, list[bytes]]:
    """A few whole real files of each kind."""
    members = split_members(CRAWL.read_bytes())[:12]
    plain = [gzip.decompress(member) for member in members]
    items = map(json.loads, gzip.decompress(BENCHMARK.read_bytes()).splitlines()[:20])
    lines = [json.dumps({"text": item["prompt"], "url": item["task_id"]}).encode() + b"\n" for item in items]
    pages = [record.partition(b"\r\n\r\n")[2].partition(b"\r\n\r\n")[2] for record in plain if b"<html" in record]
    return {
        "warc": [b"".join(plain)],
        "warc.gz": [b"".join(members), gzip.compress(b"".join(plain))],
        "jsonl": [b"".join(lines)],
        "jsonl.gz": [gzip.compress(b"".join(lines)), b"".join(map(gzip.compress, lines))],
        "html": pages,
    }


def split_members(data: bytes) -> list[bytes]:
    """The gzip members of a WARC file, one record each."""
    members = []
    while data:
        inflated = zlib.decompressobj(31)
        inflated.decompress(data)
        members.append(data[: len(data) - len(inflated.unused_data)])
        data = inflated.unused_data
    return members


def damaged(data: bytes, draw: random.Random) -> bytes:
    """The same with one to six kinds of damage: bits, cuts, repetitions, foreign pieces, numbers that lie."""
    for _ in range(draw.randint(1, 6)):
        if not data:
            return data
        start = draw.randrange(len(data))
        stop = min(len(data), start + draw.choice((1, 1, 4, 30, 1000)))
        action = draw.randrange(7)
        if action == 0:
            data = data[:start] + bytes([data[start] ^ 1 << draw.randrange(8)]) + data[start + 1 :]
        elif action == 1:
            data = data[:start] + data[stop:]
        elif action == 2:
            data = data[:stop] + data[start:]
        elif action == 3:
            data = data[:start] + draw.choice(PIECES) + data[start:]
        elif action == 4:
            data = data[:start] + draw.randbytes(stop - start) + data[stop:]
        elif action == 5:
            data = data[:start] if draw.random() < 0.5 else data[start:]
        else:
            data = _renumbered(data, draw)
    return data


def _renumbered(data: bytes, draw: random.Random) -> bytes:
    """A length, or another number, says something else."""
    found = list(re.finditer(rb"(?<=Content-Length: )\d+", data)) or list(re.finditer(rb"\d+", data))
    if not found:
        return data
    number = draw.choice(found)
    return data[: number.start()] + draw.choice(NUMBERS) + data[number.end() :]


def examples(kind: str, first: int, count: int) -> list[bytes]:
    """Damaged files, the same for a number in every run."""
    whole = seeds()[kind]
    draws = (random.Random(f"{kind} {number}") for number in range(first, first + count))
    return [damaged(draw.choice(whole), draw) for draw in draws]


READ = """
import io, json, sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from headrace.pipeline.extractors.resiliparse import Resiliparse
from headrace.pipeline.readers.base import READERS
from headrace.pipeline.records import MAX_POSITION, BatchBuilder

folder, kind = Path(sys.argv[1]), sys.argv[2]
extractor = Resiliparse()

def batches(data):
    if kind == "html":
        builder = BatchBuilder("content")
        builder.add(0, data)
        yield builder.take()
        return
    reader = READERS.load(kind.split(".")[0])()
    for span in reader.spans(io.BytesIO(data), len(data), 4000):
        yield from reader.read(io.BytesIO(data), span)

for file in sorted(folder.iterdir()):
    print(file.name, flush=True)
    records = failed = 0
    for batch in batches(file.read_bytes()):
        batch.validate(full=True)
        records += batch.num_rows
        failed += batch.num_rows - batch.column("error").null_count
        positions = batch.column("position").to_pylist()
        assert all(0 <= each < MAX_POSITION for each in positions), positions
        for meta in batch.column("meta").to_pylist():
            json.loads(meta)
        good = batch.filter(pc.is_null(batch.column("error")))
        if "content" in good.schema.names:
            texts, errors = extractor.extract(good)
            assert [text is None for text in texts.to_pylist()] == [error is not None for error in errors]
        elif good.num_rows:
            assert good.column("text").null_count == 0
    print(json.dumps([records, failed]), flush=True)
"""


def read_all(folder: Path, kind: str, files: list[bytes], seconds: float) -> list[tuple[int, int]]:
    """(records, failed ones) of each file, all read by one process that must survive."""
    folder.mkdir()
    for number, data in enumerate(files):
        (folder / f"{number:05d}").write_bytes(data)
    run = subprocess.run(
        [sys.executable, "-c", READ, str(folder), kind], capture_output=True, text=True, timeout=seconds, check=False
    )
    told = run.stdout.split("\n")
    assert run.returncode == 0, (
        f"{folder / told[-2 if len(told) > 1 else 0]}: exit {run.returncode}\n{run.stderr[-3000:]}"
    )
    return [tuple(json.loads(line)) for line in told if line.startswith("[")]


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_told_record_by_record(tmp_path, kind):
    found = read_all(tmp_path / kind, kind, examples(kind, 0, 40), seconds=60)
    assert len(found) == 40
    assert sum(records for records, _ in found) > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_kinds_of_damage(tmp_path, kind):
    found = read_all(tmp_path / kind, kind, examples(kind, 40, 1000), seconds=300)
    assert len(found) == 1000


RECIPES = {
    "warc": ["resiliparse", "exact_dedup"],
    "jsonl": ["gopher_quality", "exact_dedup"],
}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "compression"), [("warc", ""), ("warc", ".gz"), ("jsonl", ""), ("jsonl", ".gz")])
def test_a_build_of_damaged_files_accounts_for_every_record(tmp_path, kind, compression):
    name = f"{kind}{compression}"
    files = examples(name, 0, 40)
    (tmp_path / "in").mkdir()
    for number, data in enumerate(files):
        (tmp_path / f"in/{number:03d}.{name}").write_bytes(data)
    recipe = {"name": "damaged", "inputs": [{"path": "in"}], "stages": RECIPES[kind], "max_failed": 1.0}
    (tmp_path / "damaged.yaml").write_text(json.dumps(recipe))
    command = [sys.executable, "-m", "headrace.shards", "build", "damaged.yaml", "--out", "out", "--workers", "2"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    counts = json.loads((tmp_path / "out/manifest.json").read_text())["counts"]
    for unit in ("records", "bytes"):
        assert counts["in"][unit] == sum(counts[fate][unit] for fate in ("kept", "dropped", "failed"))
    read = read_all(tmp_path / "again", name, files, seconds=100)
    assert counts["in"]["records"] == sum(records for records, _ in read)
    assert counts["failed"]["records"] >= sum(failed for _, failed in read)
