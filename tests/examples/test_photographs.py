"""Photographs made smaller while building: what lies in the shards, and that nothing but the recipe shapes it."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from headrace.pipeline.build import build
from headrace.shards import Stream

EXAMPLE = Path(__file__).parents[2] / "examples"
RECIPE = EXAMPLE / "curation/photographs.yaml"
SIDE = 427


def built(out, *overrides, workers=1):
    return build(RECIPE, out, overrides, workers=workers)


def ledger(out):
    parts = [pq.read_table(path).to_pylist() for path in sorted((out / "ledger").glob("part-*.parquet"))]
    return {row["id"]: row for part in parts for row in part}


@pytest.fixture(scope="module")
def photographs(tmp_path_factory, unsynced):
    out = tmp_path_factory.mktemp("photographs") / "out"
    built(out)
    return out


def test_the_shards_hold_smaller_pictures_and_the_others_as_they_were(photographs):
    rows, seen = ledger(photographs), 0
    for sample in Stream(str(photographs), codecs={}).batches(1, epochs=1):
        told = json.loads(bytes(sample["json"].data))
        data, original = bytes(sample["jpg"].data), (EXAMPLE / "demo/data/photos" / told["path"]).read_bytes()
        with Image.open(io.BytesIO(data)) as picture, Image.open(io.BytesIO(original)) as source:
            if min(source.size) > SIDE:
                assert min(picture.size) == SIDE
                (edit,) = json.loads(rows[told["id"]]["edits"])
                size = len(data) - len(original)
                assert edit == {"stage": "resize", "from": [*source.size], "to": [*picture.size], "bytes": size}
            else:
                assert (data, rows[told["id"]]["edits"]) == (original, None)
        seen += 1
    fates = [row["fate"] for row in rows.values()]
    assert (seen, fates.count("failed")) == (fates.count("kept"), 1)
    assert len({row["edits"] is None for row in rows.values() if row["fate"] == "kept"}) == 2


def test_the_manifest_says_how(photographs):
    manifest = json.loads((photographs / "manifest.json").read_text())
    assert {"resize": {"shorter_side": SIDE, "quality": 90}} in manifest["recipe"]["stages"]
    assert manifest["provenance"]["versions"]["resize"] == "1"


def shards(out):
    return {path.name: path.read_bytes() for path in sorted(out.glob("shard-*"))}


def test_workers_and_splits_change_no_byte(photographs, tmp_path):
    built(tmp_path / "out", "split_bytes=200KB", workers=2)
    assert shards(tmp_path / "out") == shards(photographs)
    one, other = (pa.Table.from_pylist([*ledger(out).values()]) for out in (photographs, tmp_path / "out"))
    assert one.sort_by("id").equals(other.sort_by("id"))


@pytest.mark.parametrize("override", ["stages.1.resize.quality=80", "stages.1.resize.shorter_side=200"])
def test_another_setting_makes_the_shards_anew_and_the_same_does_not(photographs, override):
    before = shards(photographs)
    assert built(photographs).ran == 0
    built(photographs, override)
    assert shards(photographs) != before
    built(photographs)
    assert shards(photographs) == before
