"""The demo's planting of benchmark items: what it says it planted is in the crawl, and nothing else has changed."""

import gzip
import html
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

DEMO = Path(__file__).parents[2] / "examples" / "demo"
BENCHMARK = DEMO / "data" / "benchmark" / "HumanEval.jsonl.gz"
CRAWL = DEMO / "data" / "crawl"
FILES = sorted(file.name for file in CRAWL.glob("*.warc.gz"))


def plant(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEMO / "plant_benchmark.py"), "--crawl", str(CRAWL)]
    command += ["--benchmark", str(BENCHMARK), "--out", str(out), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crawl with twelve planted items."""
    folder = tmp_path_factory.mktemp("planted")
    done = plant(folder)
    assert done.returncode == 0, done.stderr
    return folder


def planted(folder: Path) -> dict[str, str]:
    rows = json.loads((folder / "planted.json").read_text())
    return {row["url"]: row["item"] for row in rows}


def blocks(file: Path) -> dict[str, tuple[str, bytes]]:
    """Every record's URL, if any, and its whole block (HTTP headers included), by the record's id."""
    found = {}
    for record in ArchiveIterator(str(file), parse_http=False):
        url = (record.headers.get("WARC-Target-URI") or "").strip("<>")
        found[record.record_id or ""] = (url, record.reader.read())
    return found


def test_the_list_names_items_and_english_manual_pages_once_each(out: Path) -> None:
    rows = planted(out)
    assert len(rows) == len(set(rows.values())) == 12
    assert all(re.search(r"/(python|postgresql)-[\d.]+/", url) for url in rows)


def test_each_item_stands_in_its_page_as_text(out: Path) -> None:
    lines = gzip.decompress(BENCHMARK.read_bytes()).splitlines()
    prompts = {item["task_id"]: item["prompt"] for item in map(json.loads, lines)}
    pages = {
        record.headers["WARC-Target-URI"].strip("<>"): record.reader.read().decode()
        for name in FILES
        for record in ArchiveIterator(str(out / name), WarcRecordType.response)
    }
    for url, item in planted(out).items():
        text = [html.unescape(block) for block in re.findall(r"<pre>\n(.*?)</pre>", pages[url], re.S)]
        assert prompts[item] in text


def test_all_other_records_are_the_same(out: Path) -> None:
    changed = set()
    for name in FILES:
        before, after = blocks(CRAWL / name), blocks(out / name)
        assert list(before) == list(after)
        changed |= {before[record_id][0] for record_id in before if before[record_id][1] != after[record_id][1]}
    assert changed == set(planted(out))


def test_lengths_and_digests_are_right_in_every_record(out: Path) -> None:
    for name in FILES:
        for record in ArchiveIterator(str(out / name), parse_http=False):
            assert record.verify_block_digest(consume=True), record.record_id
        for record in ArchiveIterator(str(out / name), WarcRecordType.response):
            length = record.http_headers.get("Content-Length")
            assert length is None or int(length) == len(record.reader.read())


def test_every_record_is_a_gzip_member_of_its_own(out: Path) -> None:
    """So that a reader can start at any record's offset."""
    for name in FILES:
        archive = (out / name).read_bytes()
        for record in ArchiveIterator(io.BytesIO(archive), parse_http=False):
            assert archive[record.stream_pos : record.stream_pos + 2] == b"\x1f\x8b"


def test_the_same_seed_plants_the_same_and_another_seed_others(out: Path, tmp_path: Path) -> None:
    assert plant(tmp_path / "again").returncode == 0
    for name in [*FILES, "planted.json"]:
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes()
    assert plant(tmp_path / "other", "--seed", "1").returncode == 0
    assert not planted(tmp_path / "other").items() & planted(out).items()


def test_it_says_what_it_planted_where(tmp_path: Path) -> None:
    printed = plant(tmp_path, "--items", "3").stdout
    rows = planted(tmp_path)
    assert len(rows) == 3
    assert all(re.search(rf"{item}\s+{re.escape(url)}\n", printed) for url, item in rows.items())


def test_it_refuses_the_crawl_itself_as_output() -> None:
    done = plant(CRAWL)
    assert done.returncode == 1
    assert "must stay clean" in done.stderr


def test_more_items_than_there_are_is_refused_with_the_numbers(tmp_path: Path) -> None:
    done = plant(tmp_path / "out", "--items", "1000")
    assert done.returncode == 1
    assert "Cannot plant 1000 items: the benchmark has 1" in done.stderr
    assert not (tmp_path / "out").exists()
