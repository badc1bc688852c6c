"""Benchmark items planted in documents in many disguises: which are found, and what is left after a drop or a cut.

    python -m benchmarks.planted_benchmark [--data examples/demo/data] [--out FILE.md]

The items are the 164 prompts of HumanEval and articles of the Universal Declaration of Human Rights in the languages of
the demo's crawl; the documents are its pages of manuals. Each item goes into a page of its own, between two of its
paragraphs. An independent scan (`headrace audit`'s) looks at what a drop and a cut leave. The pages without any item
are looked at, too: whatever is found there is shown.
"""

import argparse
import html
import json
import re
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from fastwarc.warc import ArchiveIterator, WarcRecordType

from headrace.pipeline.audit.benchmark import Terms, read_items, sought
from headrace.pipeline.audit.scan import Search, scan
from headrace.pipeline.audit.words import words_of
from headrace.pipeline.batch import Batch
from headrace.pipeline.decontamination.benchmarks import Benchmark
from headrace.pipeline.extractors.resiliparse import Resiliparse
from headrace.pipeline.filters.base import KEEP
from headrace.pipeline.filters.decontaminate import Decontaminate
from headrace.shards.base.progress import progress

LONG_PAGE = 4_000
"""Characters of a page that is long enough to be cut."""

ARTICLES = 4
"""Of each translation of the declaration."""

_PAGE = Resiliparse()
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_BOLD = {ord("a") + i: 0x1D41A + i for i in range(26)} | {ord("A") + i: 0x1D400 + i for i in range(26)}
_BETWEEN_SPACES = re.compile(r"\S+")
_LIGATURES = (("ffi", "ﬃ"), ("fi", "ﬁ"), ("fl", "ﬂ"), ("ff", "ﬀ"))


@dataclass(frozen=True)
class Disguise:
    """One way in which an item is written."""

    name: str
    write: Callable[[str], str]


def _between(text: str, middle: str) -> str:
    """The text with something in its middle, between two words."""
    gaps = [match.span() for match in re.finditer(r"\s+", text)]
    start, stop = gaps[len(gaps) // 2] if gaps else (len(text) // 2,) * 2
    return text[:start] + middle + text[stop:]


def _changed(text: str, every: int) -> str:
    words = re.split(r"(\s+)", text)
    places = range(0, len(words), 2)
    chosen = places[len(places) // 2 :: len(places)] if not every else places[every - 1 :: every]
    return "".join("changed" if place in chosen else word for place, word in enumerate(words))


def _repunctuated(text: str, mark: str) -> str:
    return "".join(mark if unicodedata.category(each)[0] in "PS" else each for each in text)


def _ligatures(text: str) -> str:
    for letters, ligature in _LIGATURES:
        text = text.replace(letters, ligature)
    return text


def _page(markup: str) -> str:
    """What the extractor makes of a page with this in it."""
    prose = "<p>The manual says in this place what its reader may want to know about the subject.</p>" * 8
    text: str = _PAGE.text_of(f"<html><body><main>{prose}{markup}{prose}</main></body></html>".encode())
    return text


DISGUISES = (
    Disguise("verbatim", lambda text: text),
    Disguise("upper case", str.upper),
    Disguise("swapped case", str.swapcase),
    Disguise("without punctuation", lambda text: _repunctuated(text, " ")),
    Disguise("other punctuation", lambda text: _repunctuated(text, " — ")),
    Disguise("one line, no-break spaces", lambda text: re.sub(r"\s+", "\u00a0", text)),
    Disguise("a word a line", lambda text: re.sub(r"\s+", "\r\n\t ", text)),
    Disguise("Unicode: full width", lambda text: text.translate(_FULL_WIDTH)),
    Disguise("Unicode: mathematical bold", lambda text: text.translate(_BOLD)),
    Disguise("Unicode: ligatures", _ligatures),
    Disguise("Unicode: decomposed (NFD)", lambda text: unicodedata.normalize("NFD", text)),
    Disguise("Unicode: soft hyphens", lambda text: re.sub(r"(\w\w)(?=\w\w)", "\\1\u00ad", text)),
    Disguise("split over two paragraphs", lambda text: _between(text, "\n\n")),
    Disguise("a paragraph in its middle", lambda text: _between(text, "\n\nA sentence of the page itself.\n\n")),
    Disguise("one word changed in the middle", lambda text: _changed(text, 0)),
    Disguise("every 14th word changed", lambda text: _changed(text, 14)),
    Disguise("every 13th word changed", lambda text: _changed(text, 13)),
    Disguise("every 5th word changed", lambda text: _changed(text, 5)),
    Disguise("inside HTML: <pre>", lambda text: _page(f"<pre>{html.escape(text)}</pre>")),
    Disguise(
        "inside HTML: each word in bold",
        lambda text: _page(f"<p>{re.sub(_BETWEEN_SPACES, lambda word: f'<b>{html.escape(word[0])}</b>', text)}</p>"),
    ),
)


@dataclass(frozen=True)
class Outcome:
    """What became of the planted items of one benchmark in one disguise.

    Args:
        planted: How many items were planted.
        found: In how many of the documents something was found.
        named: In how many the planted item was among what was found.
        share: The mean share of the planted item that was found, where it was.
        left: In how many documents the audit finds something of the benchmark after a drop, and after a cut.
        audited: In how many the audit finds something when nothing is done.
    """

    planted: int
    found: int
    named: int
    share: float
    left: tuple[int, int]
    audited: int


def pages(folder: Path, pattern: str) -> list[tuple[str, str]]:
    """URL and text of the crawl's pages whose files match, in the crawl's order."""
    found = []
    for file in sorted(folder.glob(pattern)):
        for record in ArchiveIterator(str(file), record_types=WarcRecordType.response):
            if record.http_headers.status_code == 200:
                url = str(record.headers["WARC-Target-URI"]).strip("<>")
                found.append((url, _PAGE.text_of(record.reader.read()) or ""))
    return found


def declaration(crawl: Path, folder: Path) -> Path:
    """A benchmark of the declaration's articles: `id`, `text`."""
    path = folder / "declaration.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for url, text in pages(crawl, "udhr*.warc.gz"):
            long = [part for part in re.split(r"\n+", text) if len(words_of(part)) >= 40]
            for number, part in enumerate(long[:ARTICLES]):
                name = f"{url.rpartition('/')[2]}/{number}"
                file.write(json.dumps({"id": name, "text": part}, ensure_ascii=False) + "\n")
    return path


def plant(page: str, item: str) -> str:
    """The page with the item in its middle, between two paragraphs."""
    middle = page.find("\n", len(page) // 2)
    middle = len(page) // 2 if middle < 0 else middle
    return f"{page[:middle]}\n\n{item}\n\n{page[middle:]}"


def try_out(benchmark: Benchmark, disguise: Disguise, carriers: Sequence[str]) -> Outcome:
    """Plant every item in a page of its own, and see what is found."""
    items = [(item.name, "\n".join(item.passages)) for item in benchmark.items()]
    texts = [plant(carriers[at % len(carriers)], disguise.write(text)) for at, (_, text) in enumerate(items)]
    drop, cut = (Decontaminate((benchmark,), action=action, max_documents=None) for action in ("drop", "cut"))
    found = _named(drop, texts)
    shares = [found[at][name] for at, (name, _) in enumerate(items) if name in found[at]]
    search = _search(benchmark)
    return Outcome(
        planted=len(items),
        found=sum(map(bool, found)),
        named=len(shares),
        share=sum(shares) / max(len(shares), 1),
        left=(_audited(search, _kept(drop, texts)), _audited(search, _kept(cut, texts))),
        audited=_audited(search, texts),
    )


def _batch(texts: Sequence[str]) -> Batch:
    return Batch(pa.record_batch({"text": pa.array(texts, pa.large_string())}))


def _named(plugin: Decontaminate, texts: Sequence[str]) -> list[dict[str, float]]:
    """The items found in each text, with their shares."""
    evidence = plugin.judge(_batch(texts)).evidence or [None] * len(texts)
    return [{} if each is None else {item: share for _, item, share in each["items"]} for each in evidence]


def _kept(plugin: Decontaminate, texts: Sequence[str]) -> list[str]:
    """What the filter leaves."""
    verdicts = plugin.judge(_batch(texts))
    left = texts if verdicts.edited is None else verdicts.edited.to_pylist()
    return [text for text, rule in zip(left, verdicts.rule.tolist(), strict=True) if rule == KEEP]


def _search(benchmark: Benchmark) -> Search:
    terms = Terms()
    return Search(benchmark.title, terms, sought(read_items(benchmark.file, benchmark.fields, ""), terms, words_of))


def _audited(search: Search, texts: Sequence[str]) -> int:
    """In how many texts the audit finds something."""
    return scan((("", text) for text in texts), [search])[0].documents


def table(benchmark: Benchmark, carriers: Sequence[str], advance: Callable[[], None]) -> list[str]:
    """One benchmark's rows."""
    lines = [
        f"### {benchmark.title}: {len(benchmark.items())} items",
        "",
        "| disguise | planted | found | item named | share of it | left by drop | left by cut | found by the audit |",
        "| :-- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for disguise in DISGUISES:
        each = try_out(benchmark, disguise, carriers)
        lines.append(
            f"| {disguise.name} | {each.planted} | {each.found} | {each.named} | {each.share:.0%} | {each.left[0]} "
            f"| {each.left[1]} | {each.audited} |"
        )
        advance()
    return lines


def false_positives(benchmark: Benchmark, documents: Sequence[tuple[str, str]]) -> list[str]:
    """What is found in documents in which nothing was planted."""
    found = _named(Decontaminate((benchmark,), max_documents=None), [text for _, text in documents])
    shown = [f"- {url}: {', '.join(items)}" for (url, _), items in zip(documents, found, strict=True) if items]
    return ["", f"In {len(documents):,} pages without any: {len(shown)} found.", *shown]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("examples/demo/data"), metavar="DIR", help="the demo's data")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a Markdown file; default: the terminal")
    arguments = parser.parse_args()
    crawl = arguments.data / "crawl"
    manuals = [*pages(crawl, "p*.warc.gz")]
    carriers = [text for _, text in manuals if len(text) >= LONG_PAGE]
    human_eval = Benchmark(arguments.data / "benchmark/HumanEval.jsonl.gz", ("prompt",), id="task_id")
    with tempfile.TemporaryDirectory() as folder:
        made = Benchmark(declaration(crawl, Path(folder)), ("text",), id="id")
        lines = []
        with progress("planted", 2 * len(DISGUISES)) as advance:
            for benchmark in (human_eval, made):
                lines += [*table(benchmark, carriers, advance), *false_positives(benchmark, manuals), ""]
    text = "\n".join(lines)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
