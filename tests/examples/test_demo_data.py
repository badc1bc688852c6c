"""The data that lies in the repository: complete, readable, licensed, small, and with no word of where it was made."""

import gzip
import hashlib
import io
import json
import re
import subprocess
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType
from PIL import Image

DATA = Path(__file__).parents[2] / "examples" / "demo" / "data"
CRAWLS = {"python-3.11": 210, "python-3.13": 210, "postgresql-15": 210, "postgresql-17": 210, "udhr": 152}
MANUALS = {"python": ("python-3.11", "python-3.13"), "postgresql": ("postgresql-15", "postgresql-17")}
LARGEST_BYTES = 12_000_000


def records(crawl: str, types: WarcRecordType = WarcRecordType.any_type) -> Iterator[WarcRecord]:
    yield from ArchiveIterator(str(DATA / "crawl" / f"{crawl}.warc.gz"), types)


def page_paths(crawl: str) -> list[str]:
    """The paths of the pages that were found, relative to the crawl's folder, without the server's lists of folders."""
    paths = [
        urlsplit(record.headers["WARC-Target-URI"].strip("<>")).path
        for record in records(crawl, WarcRecordType.response)
        if record.http_headers.status_code == 200
    ]
    return [path.removeprefix(f"/{crawl}/") for path in paths if path.endswith(".html")]


def test_everything_in_git_is_small_enough() -> None:
    listed = subprocess.run(["git", "ls-files", "-z", "."], cwd=DATA, capture_output=True, text=True, check=False)
    names = [name for name in listed.stdout.split("\0") if name] if listed.returncode == 0 else []
    # Outside a git checkout (a source archive), whatever is there is what was committed.
    files = [DATA / name for name in names] or [file for file in DATA.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= LARGEST_BYTES


@pytest.mark.parametrize(
    ("licence", "words"),
    [
        ("crawl/LICENSE.python.txt", "PYTHON SOFTWARE FOUNDATION LICENSE"),
        ("crawl/LICENSE.postgresql.txt", "Permission to use, copy, modify, and distribute this software"),
        ("crawl/LICENSE.udhr.txt", "The MIT License"),
        ("benchmark/LICENSE.txt", "The MIT License"),
        ("fashion_mnist/LICENSE.txt", "Permission is hereby granted, free of charge"),
    ],
)
def test_each_licence_lies_beside_its_data(licence: str, words: str) -> None:
    assert words in (DATA / licence).read_text()


@pytest.mark.parametrize("crawl", CRAWLS)
def test_a_crawl_has_its_pages_and_all_its_records_parse(crawl: str) -> None:
    seen = Counter[str]()
    for record in ArchiveIterator(str(DATA / "crawl" / f"{crawl}.warc.gz"), parse_http=False):
        seen[str(record.record_type)] += 1
        assert record.verify_block_digest(consume=True), record.record_id
    paths = page_paths(crawl)
    assert len(paths) == len(set(paths)) == CRAWLS[crawl]
    assert seen["request"] == seen["response"] >= CRAWLS[crawl]
    assert seen["warcinfo"] == 1


@pytest.mark.parametrize("crawl", CRAWLS)
def test_a_crawl_holds_html_and_nothing_else(crawl: str) -> None:
    assert {record.http_content_type for record in records(crawl, WarcRecordType.response)} == {"text/html"}


@pytest.mark.parametrize("manual", MANUALS)
def test_both_versions_of_a_manual_hold_the_same_pages(manual: str) -> None:
    first, second = MANUALS[manual]
    assert set(page_paths(first)) == set(page_paths(second))


def test_the_declaration_is_there_in_the_large_languages() -> None:
    languages = {"eng", "deu_1901", "fra", "spa", "jpn", "cmn_hans", "tha", "rus", "arb"}
    assert languages <= {path.removesuffix(".html") for path in page_paths("udhr")}


@pytest.mark.parametrize("crawl", CRAWLS)
def test_a_crawl_does_not_say_on_which_machine_it_was_made(crawl: str) -> None:
    """Of what wget and the server wrote; the pages themselves speak of paths like /root, as manuals do."""
    for record in records(crawl):
        written = str(record.headers)
        if record.record_type == WarcRecordType.response:
            written += str(record.http_headers)
        elif record.record_type == WarcRecordType.request:
            assert record.http_headers["Host"] == "localhost:8000"
        else:
            written += record.reader.read().decode()
        assert not re.search(r"(?:^|[\s\"'=])/(?:work|root|home|tmp)\b", written), written
        if record.record_type == WarcRecordType.warcinfo:
            fields = set(re.findall(r"^([\w-]+): ", written.partition("\r\n\r\n")[2], re.M))
            assert fields <= {"software", "format", "conformsTo", "robots", "wget-arguments"}  # no host, no operator


def test_the_benchmark_is_whole_and_carries_its_warning() -> None:
    with gzip.open(DATA / "benchmark" / "HumanEval.jsonl.gz", "rt") as lines:
        items = [json.loads(line) for line in lines]
    assert [item["task_id"] for item in items] == [f"HumanEval/{i}" for i in range(164)]
    assert all(item["prompt"] for item in items)
    assert "must never be part of a training corpus" in (DATA / "benchmark" / "CANARY.md").read_text()


def test_fashion_mnist_is_balanced_and_readable() -> None:
    labels = json.loads((DATA / "fashion_mnist" / "labels.json").read_text())
    assert list(labels) == [str(label) for label in range(10)]
    with zipfile.ZipFile(DATA / "fashion_mnist" / "fashion_mnist.zip") as archive:
        images = {name: archive.read(name) for name in archive.namelist()}
    counts = Counter(tuple(name.split("/")[:2]) for name in images)
    assert counts == {("train", str(label)): 400 for label in range(10)} | {
        ("test", str(label)): 100 for label in range(10)
    }
    assert len({hashlib.sha256(data).digest() for data in images.values()}) > 4_990
    for data in images.values():
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            assert (image.format, image.mode, image.size) == ("PNG", "L", (28, 28))


def test_every_photograph_is_readable_and_attributed_with_a_licence() -> None:
    table = (DATA / "photos" / "ATTRIBUTION.md").read_text()
    licences = dict(re.findall(r"^\| (\S+\.jpg) \|.*?\| ([^|]+) \| [^|]+ \|$", table, re.M))
    photos = {file.name: file for file in (DATA / "photos").glob("*.jpg") if not file.name.startswith("bad-")}
    assert len(photos) == 34
    assert licences.keys() == {*photos, "bad-*.jpg"}
    for name, file in photos.items():
        licence = licences[name]
        assert licence == "public domain" or (DATA / "photos" / "licenses" / f"{licence}.txt").stat().st_size > 5_000
        with Image.open(file) as image:
            image.load()
            assert image.mode == "RGB"
            assert 300 <= min(image.size) <= 640


def test_the_bad_photographs_are_bad_in_the_way_their_names_say() -> None:
    photos = DATA / "photos"
    good = photos / "lake-sherburne.jpg"
    with Image.open(photos / "bad-tiny.jpg") as image:
        assert image.size == (24, 16)
    with Image.open(photos / "bad-blank.jpg") as image:
        greys = np.asarray(image.convert("L"))
        assert int(greys.max()) - int(greys.min()) < 16
    with Image.open(photos / "bad-truncated.jpg") as image, pytest.raises(OSError, match="truncated"):
        image.load()
    assert (photos / "bad-exact-duplicate.jpg").read_bytes() == good.read_bytes()
    assert (photos / "bad-near-duplicate.jpg").read_bytes() != good.read_bytes()
