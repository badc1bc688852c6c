"""Paste items of a benchmark into pages of a crawl, so that one can see whether decontamination finds them.

    python plant_benchmark.py --crawl data/crawl --benchmark data/benchmark/HumanEval.jsonl.gz --out planted

OUT gets a copy of every WARC file of the crawl, in which some pages hold the prompt of one benchmark item each, and
planted.json, which says which item went where. All other records are copied byte for byte. The same seed plants the
same items in the same pages.
"""

import argparse
import gzip
import hashlib
import html
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType
from resiliparse.extract.html2text import extract_plain_text

# Both manuals are in English; their paths begin with the manual's name and version.
_MANUAL_PAGE = re.compile(r"/(python|postgresql)-[\d.]+/.+\.html$")
_PARAGRAPH = re.compile(rb"<p\b[^>]*>.*?</p>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(rb"<[^>]*>")
# Fewer, and the page is a stub or an index, which a quality filter drops before the item could be found.
_ENOUGH_WORDS = 150
_PROBE = "a probe that stands where the item would"
_SHARED_WORDS = 8


@dataclass(frozen=True)
class Item:
    """One item of the benchmark: its name and the text by which it is recognised."""

    name: str
    text: str


def read_items(benchmark: Path) -> list[Item]:
    """The items of a HumanEval file: JSON lines, compressed with gzip, with `task_id` and `prompt`."""
    with gzip.open(benchmark, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Item(row["task_id"], row["prompt"]) for row in rows]


def distinct(items: list[Item]) -> list[Item]:
    """The items that share no eight successive words with another: what is found then tells which was planted."""
    runs = {item.name: _runs_of_words(item.text) for item in items}
    holders = Counter(run for runs_of_item in runs.values() for run in runs_of_item)
    return [item for item in items if all(holders[run] == 1 for run in runs[item.name])]


def _runs_of_words(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + _SHARED_WORDS]) for i in range(len(words) - _SHARED_WORDS + 1)}


def page_url(record: WarcRecord) -> str | None:
    """The URL of the manual's page that `record` answers with; None for every other record."""
    if record.record_type != WarcRecordType.response or record.http_headers.status_code != 200:
        return None
    # wget writes <URL>, as the grammar of WARC 1.0 has it; everybody else, and WARC 1.1, writes URL.
    url = record.headers["WARC-Target-URI"].strip("<>")
    return url if _MANUAL_PAGE.search(url) else None


def has_room(page: bytes) -> bool:
    """Whether a text pasted into `page` is still there, among enough others, once the boilerplate is taken away."""
    if not _PARAGRAPH.search(page):
        return False
    with_probe = paste(page, _PROBE).decode("utf-8", errors="replace")
    text: str = extract_plain_text(with_probe, main_content=True)
    return _PROBE in text and len(text.split()) >= _ENOUGH_WORDS


def pages_with_room(files: list[Path]) -> list[str]:
    """The URLs of the manuals' pages in which an item can be planted."""
    return [
        url
        for file in files
        for record in ArchiveIterator(str(file))
        if (url := page_url(record)) and has_room(record.reader.read())
    ]


def choose(items: list[Item], urls: list[str], count: int, seed: int) -> dict[str, Item]:
    """Draw `count` items and as many pages, one item for each; the order is a hash of seed and name."""

    def order(kind: str, name: str) -> bytes:
        return hashlib.sha256(f"{seed}\0{kind}\0{name}".encode()).digest()

    drawn_items = sorted(items, key=lambda item: order("item", item.name))[:count]
    drawn_urls = sorted(urls, key=lambda url: order("page", url))[:count]
    if min(len(drawn_items), len(drawn_urls)) < count:
        raise SystemExit(
            f"Cannot plant {count} items: the benchmark has {len(items)} that can be told apart and the crawl has "
            f"{len(urls)} pages to plant them in. Give a smaller --items."
        )
    return dict(zip(drawn_urls, drawn_items, strict=True))


def paste(page: bytes, text: str) -> bytes:
    """Put `text` into the HTML `page` after its longest paragraph, where an extractor looks for the main content."""
    longest = max(_PARAGRAPH.finditer(page), key=lambda paragraph: len(_TAG.sub(b"", paragraph[0])))
    return page[: longest.end()] + f"\n<pre>\n{html.escape(text)}</pre>\n".encode() + page[longest.end() :]


def plant(file: Path, items: dict[str, Item]) -> bytes:
    """The compressed WARC file with `items` (by URL) pasted into its pages; lengths and digests are set anew."""
    archive = file.read_bytes()
    return b"".join(_members(archive, items))


def _members(archive: bytes, items: dict[str, Item]) -> Iterator[bytes]:
    starts = [record.stream_pos for record in ArchiveIterator(io.BytesIO(archive), parse_http=False)]
    for record, start, end in zip(
        ArchiveIterator(io.BytesIO(archive)), starts, [*starts[1:], len(archive)], strict=True
    ):
        url = page_url(record)
        if url is None or url not in items:
            yield archive[start:end]
            continue
        page = paste(record.reader.read(), items[url].text)
        record.http_headers.set("Content-Length", str(len(page)))
        record.set_bytes_payload(page)
        rewritten = io.BytesIO()
        record.write(rewritten, checksum_data=True)
        yield gzip.compress(rewritten.getvalue(), mtime=0)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crawl", type=Path, required=True, metavar="DIR", help="folder of *.warc.gz files")
    parser.add_argument("--benchmark", type=Path, required=True, metavar="FILE", help="HumanEval.jsonl.gz")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the crawl with the items")
    parser.add_argument("--items", type=int, default=12, metavar="N", help="how many items (default: 12)")
    parser.add_argument("--seed", type=int, default=0, help="another seed plants others elsewhere (default: 0)")
    return parser.parse_args()


def main() -> None:
    """Plant the items and say in plain words which went where."""
    arguments = parse_arguments()
    files = sorted(arguments.crawl.glob("*.warc.gz"))
    if not files:
        raise SystemExit(f"{arguments.crawl} holds no *.warc.gz file; --crawl is the folder of a crawl.")
    if arguments.out.resolve() == arguments.crawl.resolve():
        raise SystemExit("--out is the crawl's own folder, which must stay clean; give another.")
    items = distinct(read_items(arguments.benchmark))
    planted = choose(items, pages_with_room(files), arguments.items, arguments.seed)

    arguments.out.mkdir(parents=True, exist_ok=True)
    for file in files:
        (arguments.out / file.name).write_bytes(plant(file, planted))
    rows = sorted(({"url": url, "item": item.name} for url, item in planted.items()), key=lambda row: row["url"])
    (arguments.out / "planted.json").write_text(json.dumps(rows, indent=1) + "\n")

    print(f"Pasted {len(rows)} items of {arguments.benchmark.name} into pages of the crawl, to be found again:\n")
    for row in rows:
        print(f"  {row['item']:<14} {row['url']}")
    print(f"\nThe crawl with these pages is in {arguments.out}; the list is {arguments.out / 'planted.json'}.")


if __name__ == "__main__":
    main()
