"""Lines read as columns hold what JSON says, or are refused."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.format import shard_lines
from headrace.shards.format.manifest import Manifest, Tokenizer
from headrace.shards.format.shard_lines import read_lines
from headrace.shards.format.shard_list import ShardInfo, Shards

A, B = "0123456789abcdef" * 4, "f" * 64
TOKENIZER = Tokenizer(sha256=A, vocabulary=9, dtype="uint16")


def lines(shards: list[ShardInfo]) -> bytes:
    """The shards' lines as a manifest is written."""
    kind = "tokens" if shards[0].tokens is not None else "samples"
    tokenizer = TOKENIZER if kind == "tokens" else None
    text = Manifest(kind=kind, name="x", tokenizer=tokenizer, shards=Shards.of(shards)).dump().encode()
    return text[text.index(b"    {") : text.rindex(b"\n  ]")]


def read(data: bytes) -> Shards:
    return read_lines(b"before" + data + b"behind", 6, 6 + len(data))


counts = st.integers(0, 10**18 - 1)
letters = st.text(st.characters(blacklist_characters='/\\:."\x7f', blacklist_categories=["Cc", "Cs"]), min_size=1)


@given(st.lists(st.tuples(letters, counts, counts, counts), min_size=1, unique_by=lambda row: row[0]), st.booleans())
@pytest.mark.parametrize("piece", [1, 700, 1 << 20])
def test_what_is_written_is_read(piece: int, rows: list[tuple[str, int, int, int]], has_tokens: bool) -> None:
    shards = [ShardInfo(name, *two, A, B, tokens if has_tokens else None) for name, *two, tokens in rows]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shard_lines, "_PIECE", piece)
        assert read(lines(shards)) == Shards.of(shards)


WRITTEN = lines([ShardInfo(f"shards/{number}.tar", number, 10**number, A, B, 7 * number) for number in range(4)])
mutations = st.tuples(st.integers(0, len(WRITTEN) - 1), st.integers(0, 3), st.binary(max_size=1))


@given(mutations)
def test_whatever_is_read_is_what_json_says(mutation: tuple[int, int, bytes]) -> None:
    at, gone, new = mutation
    data = WRITTEN[:at] + new + WRITTEN[at + gone :]
    try:
        found = read(data)
    except ValueError:
        return
    head = Manifest(kind="tokens", name="x", tokenizer=TOKENIZER).model_dump(mode="json", exclude={"shards"})
    body = json.dumps({key: value for key, value in head.items() if value is not None}).encode()
    assert Manifest.model_validate_json(body[:-1] + b', "shards": [' + data + b"]}").shards == found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b": 1,", b": 01,"),
        (b": 1,", b": -1,"),
        (b": 1,", b": 1.0,"),
        (b": 1,", b": ,"),
        (b": 1,", b": 1000000000000000000,"),
        (b"abcdef", b"ABCDEF"),
        (b"abcdef", b"abcde"),
        (b": 14}", b": null}"),
        (b"    {", b"  {"),
        (b"shards/", b"../"),
        (b"shards/1", b"shards/\xff"),
        (b'"name"', b'"nome"'),
        (b"}", b"]"),
        (b"shards/1", b'shards\\"1'),
    ],
)
def test_what_looks_otherwise_is_refused(old: bytes, new: bytes) -> None:
    assert old in WRITTEN
    with pytest.raises(ValueError, match=r".+"):
        read(WRITTEN.replace(old, new))


def test_shards_without_an_index_are_for_json() -> None:
    record = ShardInfo("a.parquet", 1, 2, A)
    text = Manifest(kind="records", name="x", shards=Shards.of([record])).dump().encode()
    with pytest.raises(ValueError, match=r".+"):
        read(text[text.index(b"    {") : text.rindex(b"\n  ]")])
    assert Manifest.model_validate_json(text).shards[0] == replace(record)
