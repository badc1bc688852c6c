"""The page: every kind of fragment is on it, in order, escaped, and it needs nothing but itself."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from headrace.shards.base.errors import InputError
from headrace.shards.base.report import Curve, Gallery, Histogram, Item, Series, Table, Text, write_fragment
from headrace.shards.report.page import compose

EVIL = "<script>alert('crawled')</script><img src=http://evil.example/x onerror=alert(1)>&amp;\"'"


class Page(HTMLParser):
    """What a browser would find in the HTML: elements with their attributes, and the text of each element."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in ("meta", "img", "link"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, "an element is closed by another's end"

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._open[-1] if self._open else "", data))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag: str) -> list[str]:
        return [data.strip() for name, data in self.texts if name == tag]

    def figures(self) -> list[dict[str, object]]:
        return [json.loads(text) for name, text in self.texts if name == "script" and text.startswith("{")]


def composed(*folders: Path, output: Path) -> Page:
    compose(folders, output)
    return Page(output.read_text(encoding="utf-8"))


def write_every_kind(folder: Path, words: str = "plain") -> None:
    """One fragment of each kind in which every free text is `words`."""
    (folder / "report").mkdir(parents=True)
    Image.new("L", (28, 28), 200).save(folder / "report" / "sample.png")
    Image.new("RGB", (300, 200), (9, 80, 90)).save(folder / "report" / "photo.jpg")
    write_fragment(folder, 0, "verdict", Text(title=words, note=words, text=words))
    write_fragment(
        folder,
        10,
        "funnel",
        Table(
            title=words,
            columns=("stage", "kept", words),
            rows=((words, 1234567, None), ("b", 12, 0.5)),
            highlight="kept",
        ),
    )
    write_fragment(
        folder, 20, "words", Histogram(title=words, edges=(0, 1, 2), counts=(3, 4), low=0.5, unit=words, group=words)
    )
    series = (Series(name=words, x=(0, 1), y=(1, 0.5)),)
    write_fragment(folder, 30, "loss", Curve(title=words, x_label=words, y_label=words, series=series))
    items = (
        Item(caption=words, text=words, tag=words),
        Item(caption=words, picture="sample.png", tag="kept"),
        Item(caption=words, picture="photo.jpg", tag="kept"),
    )
    write_fragment(folder, 40, "examples", Gallery(title=words, items=items))


def test_every_kind_of_fragment_is_shown(tmp_path: Path) -> None:
    write_every_kind(tmp_path / "text")
    page = composed(tmp_path / "text", output=tmp_path / "report.html")
    assert len(page.all("article")) == 5
    assert len(page.figures()) == 2
    assert [image["src"].partition(",")[0] for image in page.all("img")] == [
        "data:image/png;base64",
        "data:image/jpeg;base64",
    ]
    assert "1,234,567" in page.text("td")
    assert "plain" in page.text("pre")


def test_untrusted_text_stays_text(tmp_path: Path) -> None:
    write_every_kind(tmp_path / "text", EVIL)
    write_every_kind(tmp_path / "plain")
    page = composed(tmp_path / "text", output=tmp_path / "evil.html")
    plain = composed(tmp_path / "plain", output=tmp_path / "plain.html")
    # Not one element more or other than the page of harmless text has, and the text arrives in full.
    assert [name for name, _ in page.elements] == [name for name, _ in plain.elements]
    assert page.text("pre") == [EVIL]
    assert page.text("figcaption") == [EVIL] * 3
    assert f"kept from 0.5 {EVIL}" in page.text("p")
    (histogram, curve) = page.figures()
    for figure in (histogram, curve):
        assert "<script" not in json.dumps(figure), "plotly draws markup in texts"


def test_nothing_is_loaded_from_anywhere(tmp_path: Path) -> None:
    write_every_kind(tmp_path / "text")
    page = composed(tmp_path / "text", output=tmp_path / "report.html")
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        for name in ("src", "href", "srcset", "action", "poster"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
    style = "".join(page.text("style"))
    assert "url(" not in style
    assert "@import" not in style


def test_only_the_pages_own_scripts_may_run(tmp_path: Path) -> None:
    write_every_kind(tmp_path / "text")
    page = composed(tmp_path / "text", output=tmp_path / "report.html")
    (policy,) = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    scripts = [text for name, text in page.texts if name == "script" and not text.startswith("{")]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    assert rules["script-src"].split() == [f"'sha256-{each}'" for each in hashes]
    assert any("plotly.js" in text[:100] for text in scripts)


def test_sections_and_fragments_keep_their_order(tmp_path: Path) -> None:
    for name in ("mae", "text"):
        for order, title in ((50, "last"), (5, "first"), (10, "middle")):
            write_fragment(tmp_path / name, order, "part", Text(title=f"{name} {title}", text="."))
    page = composed(tmp_path / "text", tmp_path / "mae", output=tmp_path / "report.html")
    order = [f"{name} {title}" for name in ("text", "mae") for title in ("first", "middle", "last")]
    assert page.text("h2") == ["text", "mae"]
    assert page.text("h3") == order
    contents = page.text("a")
    assert contents == ["text", *order[:3], "mae", *order[3:]]
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert all(link["href"].removeprefix("#") in ids for link in page.all("a"))


def test_a_table_without_rows_says_so(tmp_path: Path) -> None:
    write_fragment(tmp_path / "text", 0, "reasons", Table(title="dropped", columns=("stage", "records"), rows=()))
    page = composed(tmp_path / "text", output=tmp_path / "report.html")
    assert page.text("td") == ["none"]


def test_the_same_fragments_give_the_same_page(tmp_path: Path) -> None:
    write_every_kind(tmp_path / "text")
    compose([tmp_path / "text"], tmp_path / "a.html")
    compose([tmp_path / "text"], tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_a_failure_leaves_no_page(tmp_path: Path) -> None:
    write_fragment(tmp_path / "text", 0, "examples", Gallery(title="x", items=(Item(caption="c", picture="gone.png"),)))
    with pytest.raises(InputError, match=re.escape("gone.png")):
        compose([tmp_path / "text"], tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


@pytest.mark.slow
def test_a_browser_draws_every_figure_and_runs_nothing_else(tmp_path: Path) -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no chromium or google-chrome is installed")
    write_every_kind(tmp_path / "text", "<script>document.title = 'taken over'</script>")
    compose([tmp_path / "text"], tmp_path / "report.html")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--virtual-time-budget=10000", "--dump-dom", f"file://{tmp_path / 'report.html'}"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "<title>text" in result.stdout
    assert len(re.findall(r'class="plot js-plotly-plot"', result.stdout)) == 2
    assert len(re.findall(r'class="point"', result.stdout)) == 3 + 2, "two bars, one cut in two, and the curve"
    measured = set(re.findall(r'<text [^>]*style="font-family: ([^,;]+)', result.stdout))
    assert measured == {"system-ui"}, "legends have room for the font of the page"
