"""The report's fragments: they say what the ledger says."""

import io
import json
import zipfile
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from headrace.pipeline.fragments.measures import _edges
from headrace.shards.base.report import read_fragments


def fragments(out):
    return {path.stem.partition("-")[2]: fragment for path, fragment in read_fragments(out)}


@pytest.fixture(scope="module")
def found(built):
    return fragments(built.folder / "out")


def test_the_funnel_is_the_ledgers(built, found):
    rows = built.ledger().to_pylist()
    left, size = len(rows), sum(row["bytes"] for row in rows)
    expected = [("read", left, size, 0, 100.0)]
    for label, stage in (
        ("unreadable", "read"),
        ("own:few_words", "own:few_words"),
        ("exact_dedup", "exact_dedup"),
        ("minhash_dedup", "minhash_dedup"),
        ("own:weeds", "own:weeds"),
    ):
        gone = [row for row in rows if row["stage"] == stage]
        left, size = left - len(gone), size - sum(row["bytes"] for row in gone)
        expected.append((label, left, size, len(gone), round(100 * left / len(rows), 1)))
    assert list(found["funnel"].rows) == expected


def test_the_reasons_are_the_ledgers(built, found):
    counts = Counter((row["stage"], row["reason"]) for row in built.ledger().to_pylist() if row["stage"])
    told = {(stage, reason.removeprefix("failed: ")): records for stage, reason, _, records, _ in found["reasons"].rows}
    assert told == counts


def test_examples_of_every_reason_are_shown_and_duplicates_beside_their_survivors(found):
    tags = Counter(item.tag for item in found["examples"].items)
    assert tags.keys() == {"kept", "own:few_words: few_words", "own:weeds: weeds", "exact_dedup", "minhash_dedup"}
    assert all(count <= 6 for count in tags.values())
    exact = [item for item in found["examples"].items if item.tag == "exact_dedup"]
    assert [item.caption.partition(":")[0] for item in exact] == ["dropped", "its survivor"] * (len(exact) // 2)
    assert all(dropped.text == survivor.text for dropped, survivor in zip(exact[::2], exact[1::2], strict=True))
    assert all("similarity 1.000" in item.caption for item in exact)


def test_every_phase_is_in_the_table_of_times(found):
    phases = [row[0] for row in found["phases"].rows]
    assert (phases[0], phases[-1]) == ("curate", "ledger")
    assert "minhash_dedup.verify" in phases


def test_histograms_count_everything_that_was_measured(workshop):
    workshop.write_recipe(stages=[{"length": {"min_words": 10, "max_words": 35}}, "exact_dedup"])
    workshop.build()
    histograms = {
        fragment.title: fragment
        for name, fragment in fragments(workshop.folder / "out").items()
        if name.startswith("measure")
    }
    ledger = workshop.ledger()
    words = ledger.column("score.length.words").drop_null().to_numpy()
    readable = sum(row["fate"] != "failed" for row in ledger.to_pylist())
    (shown,) = [each for each in histograms.values() if each.unit == "words" and each.low == 10]
    assert len(words) == readable == sum(shown.counts)
    edges = np.array(shown.edges)
    assert edges[0] < 10 < edges[-1]
    assert len(shown.edges) == len(shown.counts) + 1


def test_histograms_of_a_large_build_are_of_records_from_all_over_it(workshop, monkeypatch):
    workshop.write_recipe(stages=[{"length": {"min_words": 10}}])
    words = Counter()
    for most in (10**6, 60):
        monkeypatch.setattr("headrace.pipeline.fragments.measures.MAX_VALUES", most)
        monkeypatch.setattr("headrace.pipeline.fragments.measures.MANY_SPLITS", 2)
        workshop.build()
        histograms = (each for name, each in fragments(workshop.folder / "out").items() if name.startswith("measure"))
        words[most] = sum(next(each for each in histograms if each.unit == "words").counts)
    assert words[10**6] > 60
    assert 10 < words[60] <= 60


@pytest.fixture
def pictures(workshop):
    """A build of pictures, one of them twice, one no picture at all."""
    with zipfile.ZipFile(workshop.folder / "in/p.zip", "w") as archive:
        for number in range(12):
            stream = io.BytesIO()
            pixels = np.random.default_rng(min(number, 10)).integers(0, 255, (48, 64, 3), np.uint8)
            Image.fromarray(pixels).save(stream, "PNG" if number % 2 else "JPEG")
            archive.writestr(f"train/{number}.{'png' if number % 2 else 'jpg'}", stream.getvalue())
        archive.writestr("train/copy.png", archive.read("train/1.png"))
        archive.writestr("train/bad.jpg", b"\xff\xd8\xff no picture")
    workshop.write_recipe(
        inputs=[{"path": "in/p.zip", "source": "photos"}],
        stages=[{"image_quality": {"min_side": 16}}, "exact_dedup"],
        max_failed=0.2,
    )
    workshop.build()
    return workshop


def test_examples_of_pictures_are_pictures(pictures):
    out = pictures.folder / "out"
    items = fragments(out)["examples"].items
    assert {item.tag for item in items} >= {"kept", "exact_dedup"}
    for item in items:
        with Image.open(out / "report" / item.picture) as image:
            assert image.size == (64, 48)


def test_a_build_of_pictures_keeps_them_as_they_are(pictures):
    rows = pictures.ledger().to_pylist()
    assert Counter(row["fate"] for row in rows) == {"kept": 12, "dropped": 1, "failed": 1}
    manifest = json.loads((pictures.folder / "out/manifest.json").read_text())
    assert {"png", "jpg", "json"} <= set(manifest["fields"])


def test_fragments_of_an_earlier_build_go(workshop):
    workshop.write_recipe(stages=[{"length": {"min_words": 10}}])
    workshop.build()
    assert "measure-000" in fragments(workshop.folder / "out")
    workshop.write_recipe(stages=["own.py:few_words"])
    workshop.build()
    assert "measure-000" not in fragments(workshop.folder / "out")


def test_counts_stand_in_the_middle_of_their_bins():
    """Most records hold none of what is counted, and nought is allowed: their bin must be as wide as the others."""
    edges = _edges(np.array([0.0] * 1000 + [14.0, 191.0]), -np.inf, 0.0)
    assert edges[0] == -0.5
    assert np.all(np.diff(edges) >= 0.5)


@given(
    values=st.lists(st.integers(-50, 2000).map(float), min_size=1, max_size=50),
    bounds=st.tuples(st.integers(-40, 30), st.integers(31, 100)),
    open_ends=st.tuples(st.booleans(), st.booleans()),
)
def test_no_bin_holds_both_what_a_bound_keeps_and_what_it_drops(
    values: list[float], bounds: tuple[int, int], open_ends: tuple[bool, bool]
) -> None:
    low = -np.inf if open_ends[0] else float(bounds[0])
    high = np.inf if open_ends[1] else float(bounds[1])
    array = np.array(values)
    edges = _edges(array, low, high)
    assert np.all(np.diff(edges) > 0)
    bins = np.clip(np.searchsorted(edges, np.clip(array, edges[0], edges[-1]), side="right") - 1, 0, len(edges) - 2)
    kept = (low <= array) & (array <= high)
    assert not set(bins[kept].tolist()) & set(bins[~kept].tolist())
