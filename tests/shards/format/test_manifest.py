"""The manifest: what is written is read back, what is wrong is said in one paragraph."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from headrace.shards.base.errors import ManifestError
from headrace.shards.format.manifest import (
    Benchmark,
    Certificate,
    Counts,
    InputFile,
    Manifest,
    Provenance,
    Tally,
    Tokenizer,
    folder_of,
    manifest_url,
)
from headrace.shards.format.shard_list import ShardInfo, Shards

A, B = "a" * 64, "b" * 64
SHARD = ShardInfo(name="shards/00000.tar", samples=3, bytes=10240, sha256=A, index_sha256=B)


def full() -> Manifest:
    return Manifest(
        kind="samples",
        name="päges",
        fields={"txt": "text/plain"},
        recipe={"stages": [{"use": "length", "min": 3}]},
        provenance=Provenance(
            inputs=(InputFile(url="a.warc.gz", bytes=5, etag="x"),), versions={"headrace": "1", "length": "2"}
        ),
        counts=Counts(
            total=Tally(records=5, bytes=50), kept=Tally(records=3, bytes=40), dropped=Tally(records=2, bytes=10)
        ),
        decontamination=(
            Certificate(n=13, benchmarks={"humaneval": Benchmark(sha256=A, items=164, unprotected=("HE/1",))}),
        ),
        shards=(SHARD, replace(SHARD, name="shards/00001.tar")),
    )


def tokens(**changes: Any) -> Manifest:
    tokenizer = Tokenizer(sha256=A, vocabulary=50257, dtype="uint16")
    return Manifest(
        **{"kind": "tokens", "name": "t", "tokenizer": tokenizer, "shards": (replace(SHARD, tokens=9),), **changes}
    )


@pytest.mark.parametrize("manifest", [full(), tokens(), Manifest(kind="samples", name="empty")])
def test_round_trip(tmp_path: Path, manifest: Manifest) -> None:
    manifest.save(tmp_path)
    assert Manifest.load(tmp_path) == manifest
    assert Manifest.load(str(tmp_path / "manifest.json")) == manifest
    assert Manifest.load(tmp_path).dump() == manifest.dump()


def test_other_file_systems() -> None:
    full().save("memory://manifests/a")
    assert Manifest.load("memory://manifests/a/") == full()
    assert folder_of("memory://manifests/a/manifest.json") == "memory://manifests/a"
    assert manifest_url("memory://manifests/a") == "memory://manifests/a/manifest.json"


def test_it_is_json_that_people_read(tmp_path: Path) -> None:
    body = json.loads(full().dump())
    assert body["format_version"] == 1
    assert body["counts"]["in"] == {"records": 5, "bytes": 50}
    assert body["shards"][1]["name"] == "shards/00001.tar"
    lines = full().dump().splitlines()
    assert sum("sha256" in line and "shards/" in line for line in lines) == 2
    assert "päges" in full().dump()


def test_totals() -> None:
    assert (full().samples, full().tokens, tokens().tokens) == (6, 0, 9)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format_version": 2}, "another version.*Found: format_version 2.*Expected: 1"),
        ({"kind": "videos"}, "kind: Input should be"),
        ({"shards": [{"name": "a.tar"}], "x": 1}, r"shards\.0\.samples: Field required.*and 1 more"),
        ({"surprise": 1}, "surprise: Extra inputs"),
        ({"name": None}, "name: Input should be a valid string"),
        ({"tokenizer": {"sha256": A, "vocabulary": 9, "dtype": "uint16"}}, "no other, has a tokenizer"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({**json.loads(full().dump()), **change}))
    with pytest.raises(ManifestError, match=words) as caught:
        Manifest.load(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x80"])
def test_what_is_no_json_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ManifestError, match="is not a manifest"):
        Manifest.load(tmp_path)


@pytest.mark.parametrize("place", ["", "nowhere", "nowhere/manifest.json", "file/manifest.json"])
def test_a_missing_manifest_is_said(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ManifestError, match=r"there is no .*manifest.json.*headrace build"):
        Manifest.load(tmp_path / place)
    with pytest.raises(ManifestError, match=r"there is no memory://nowhere/manifest.json"):
        Manifest.load("memory://nowhere")


def test_tars_of_others_are_told_from_an_unfinished_build(tmp_path: Path) -> None:
    for name in ("a.tar", "b.tar", "b.txt"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ManifestError, match=r"2 tars that others made.*`headrace index '.*'`"):
        Manifest.load(tmp_path)
    for tars in ("a.tar", "{a,b}.tar"):
        with pytest.raises(ManifestError, match=r"tars instead of a set.*`headrace index '.*tar'`"):
            Manifest.load(tmp_path / tars)
    (tmp_path / "a.index.npz").write_bytes(b"")
    with pytest.raises(ManifestError, match=r"run an unfinished one again") as caught:
        Manifest.load(tmp_path)
    assert "others made" not in str(caught.value)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").mkdir()
    for place in (tmp_path, "nosuchprotocol://x"):
        with pytest.raises(ManifestError, match=r"manifest.json cannot be read. Found: "):
            Manifest.load(place)


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../a.tar", "a/../b.tar", "a//b.tar", ".hidden", "s3://x/a.tar", "a\\b", "a\nb", "a/"]
)
def test_a_manifest_cannot_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    body = json.loads(full().dump())
    body["shards"][0]["name"] = name
    (tmp_path / "manifest.json").write_text(json.dumps(body))
    with pytest.raises(ManifestError, match=r"shards\.0\.name"):
        Manifest.load(tmp_path)


@pytest.mark.parametrize(
    "tars", ["tars", "../tars", "s3:/x", "simplecache::s3://x", "s3://x::file:///etc", "/a\nb", ""]
)
def test_tars_lie_at_a_plain_place(tars: str) -> None:
    with pytest.raises(ValidationError, match="tars"):
        Manifest(kind="samples", name="x", tars=tars)


@pytest.mark.parametrize("tars", ["/data/set", "s3://bucket/set", "https://example.org:8080/set", "memory://set/"])
def test_tars_may_lie_elsewhere(tmp_path: Path, tars: str) -> None:
    manifest = full().model_copy(update={"tars": tars})
    manifest.save(tmp_path)
    assert Manifest.load(tmp_path).place(tmp_path, SHARD) == f"{tars.rstrip('/')}/shards/00000.tar"
    assert manifest.fingerprint() == full().fingerprint()
    assert full().place(tmp_path / "manifest.json", SHARD) == str(tmp_path / "shards/00000.tar")


def test_a_manifest_from_elsewhere_cannot_lead_to_this_machine(tmp_path: Path) -> None:
    for tars in (str(tmp_path), f"file://{tmp_path}"):
        full().model_copy(update={"tars": tars}).save("memory://foreign")
        with pytest.raises(ManifestError, match="leads to files on this machine"):
            Manifest.load("memory://foreign")
    full().model_copy(update={"tars": "memory://tars"}).save("memory://foreign")
    assert Manifest.load("memory://foreign").tars == "memory://tars"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tokenizer": None}, "tokenizer"),
        ({"shards": (SHARD,)}, "how many it holds"),
        ({"shards": (replace(SHARD, tokens=1, index_sha256=None),)}, "index_sha256"),
        ({"shards": (replace(SHARD, tokens=1),) * 2}, "one name"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        tokens(**changes)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=4))
def test_counts_that_do_not_add_up_are_refused(numbers: list[tuple[int, int]]) -> None:
    total, kept, dropped, failed = (Tally(records=records, bytes=size) for records, size in numbers)
    adds_up = all(numbers[0][unit] == sum(each[unit] for each in numbers[1:]) for unit in (0, 1))
    if adds_up:
        Counts(total=total, kept=kept, dropped=dropped, failed=failed)
        return
    with pytest.raises(ValidationError, match="kept"):
        Counts(total=total, kept=kept, dropped=dropped, failed=failed)


def test_the_fingerprint_is_of_what_is_held() -> None:
    base = full()
    assert base.model_copy(update={"provenance": Provenance(), "recipe": {}}).fingerprint() == base.fingerprint()
    assert Manifest.model_validate_json(base.dump()).fingerprint() == base.fingerprint()
    for other in (
        {"name": "other"},
        {"fields": {}},
        {"shards": base.shards[::-1]},
        {"shards": base.shards[:1]},
        *(
            {"shards": Shards.of((replace(SHARD, **one), base.shards[1]))}
            for one in ({"sha256": B}, {"samples": 4}, {"tokens": 4}, {"name": "other.tar"})
        ),
        {"tokenizer": Tokenizer(sha256=A, vocabulary=10, dtype="uint16")},
    ):
        assert base.model_copy(update=other).fingerprint() != base.fingerprint()


def test_a_fingerprint_is_the_same_everywhere() -> None:
    assert full().fingerprint() == "6be37f304d1cef4320c7347e63288948ab88e63943571ea1c5647027eec82dd5"
    assert tokens().fingerprint() == "3ec4d066ae808432bf31e6e354f1ebc6f81c62b7e81ea64c568ccc74028f2b11"


@pytest.mark.parametrize(
    "text", ["{}", '{\n  "shards": [\n    {"name": "a"}\n  ]\n}x', full().dump() + "x", full().dump()[:-5]]
)
def test_what_stands_around_the_shards_counts(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ManifestError, match="is not a manifest"):
        Manifest.load(tmp_path)


def test_what_is_wrong_with_a_line_is_said_of_the_shard(tmp_path: Path) -> None:
    full().save(tmp_path)
    text = (tmp_path / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(text.replace('00001.tar", "samples": 3,', '00001.tar", "samples": -7,'))
    with pytest.raises(ManifestError, match=r"shards\.1\.samples"):
        Manifest.load(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps(json.loads(text)))
    assert Manifest.load(tmp_path) == full()
