"""Token shards against the plain list of documents that they hold."""

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import webdataset
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import CorruptSampleError, ShardError, UsageError
from headrace.shards.format.manifest import Manifest, Tokenizer
from headrace.shards.format.pages import token_dtype
from headrace.shards.format.token_reader import TokenShard
from headrace.shards.format.token_writer import TokenShardWriter

DOCUMENTS = st.lists(st.lists(st.integers(0, 99), max_size=30), max_size=12)
Write = Callable[[str | Path], Manifest]


def write(folder: str | Path, documents: list[list[int]], page: int, vocabulary: int = 100) -> Manifest:
    with TokenShardWriter(folder, "a.tar", vocabulary, page) as writer:
        for row, document in enumerate(documents):
            writer.add(document, {"row": row})
    dtype = "uint16" if vocabulary <= 65536 else "uint32"
    tokenizer = Tokenizer.model_validate({"sha256": "0" * 64, "vocabulary": vocabulary, "dtype": dtype})
    return Manifest(kind="tokens", name="t", tokenizer=tokenizer, shards=(writer.info,))


@given(DOCUMENTS, st.integers(1, 40))
def test_documents_and_their_ends(
    tmp_path_factory: pytest.TempPathFactory, documents: list[list[int]], page: int
) -> None:
    folder = tmp_path_factory.mktemp("tokens")
    shard = TokenShard(str(folder), write(folder, documents, page), 0)
    flat = [token for document in documents for token in document]
    assert (shard.length, shard.samples) == (len(flat), len(documents))
    assert shard.documents().dtype == np.int64
    assert shard.documents().tolist() == np.cumsum([len(each) for each in documents], dtype=int).tolist()
    assert shard.tokens(0, shard.length).tolist() == flat
    for row, document in enumerate(documents):
        assert shard.document(row).tolist() == document
        assert shard.meta(row) == {"row": row}


@given(DOCUMENTS.filter(any), st.integers(1, 40), st.data())
def test_windows(
    tmp_path_factory: pytest.TempPathFactory, documents: list[list[int]], page: int, data: st.DataObject
) -> None:
    flat = [token for document in documents for token in document]
    length = data.draw(st.integers(0, len(flat)))
    starts = data.draw(st.lists(st.integers(0, len(flat) - length), max_size=6))
    for folder in (str(tmp_path_factory.mktemp("windows")), "memory://windows"):
        shard = TokenShard(folder, write(folder, documents, page), 0)
        found = shard.windows(starts, length)
        assert found.shape == (len(starts), length)
        assert found.dtype == np.uint16
        assert found.tolist() == [flat[start : start + length] for start in starts]


@pytest.mark.filterwarnings("ignore:unclosed file", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_reads_pages(tmp_path: Path) -> None:
    write(tmp_path, [[1, 2, 3], [4, 5], [], [6]], page=4)
    pages = list(webdataset.WebDataset(str(tmp_path / "a.tar"), shardshuffle=False).decode())
    assert [page["__key__"] for page in pages] == ["0000", "0001"]
    assert [page["tokens.npy"].tolist() for page in pages] == [[1, 2, 3, 4], [5, 6]]
    assert [page["ends.npy"].tolist() for page in pages] == [[3], [1, 1, 2]]
    metas = [[json.loads(line) for line in page["meta.jsonl"].splitlines()] for page in pages]
    assert metas == [[{"row": 0}], [{"row": 1}, {"row": 2}, {"row": 3}]]


def test_an_empty_document_after_a_full_page_stays_there(tmp_path: Path) -> None:
    shard = TokenShard(str(tmp_path), write(tmp_path, [[1, 2, 3, 4], [], [5]], page=4), 0)
    assert shard.documents().tolist() == [4, 4, 5]
    assert [shard.document(row).tolist() for row in range(3)] == [[1, 2, 3, 4], [], [5]]


def test_large_vocabularies_take_four_bytes(tmp_path: Path) -> None:
    shard = TokenShard(str(tmp_path), write(tmp_path, [[65_536, 7]], page=9, vocabulary=65_537), 0)
    assert shard.tokens(0, 2).dtype == np.uint32
    assert shard.tokens(0, 2).tolist() == [65_536, 7]


def test_only_the_bytes_needed_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shard = TokenShard(str(tmp_path), write(tmp_path, [list(range(100))] * 50, page=64), 0)
    shard.tokens(0, 1)
    asked: list[int] = []
    real = os.pread

    def counting(descriptor: int, size: int, offset: int) -> bytes:
        asked.append(size)
        return real(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", counting)
    shard.tokens(100, 230)
    assert asked == [28 * 2, 64 * 2, 38 * 2]


def test_the_same_bytes_however_documents_are_given(tmp_path: Path) -> None:
    forms: list[Callable[[list[int]], Any]] = [list, np.array, lambda each: np.array(each, np.uint32)]
    digests = set()
    for number, form in enumerate(forms):
        with TokenShardWriter(tmp_path / str(number), "a.tar", 100, 8) as writer:
            for row in range(9):
                writer.add(form(list(range(row))), {"b": row, "a": "é\ud800"})
        digests.add((writer.info.sha256, writer.info.index_sha256))
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("document", "meta", "words"),
    [
        ([100], {}, r"does not know.*Found: 100.*Expected: 0 to 99"),
        ([-1], {}, r"does not know.*Found: -1"),
        ([1.5], {}, "not a row of token ids"),
        ([[1]], {}, "not a row of token ids"),
        ([1], {"x": b""}, "cannot be written as JSON"),
        ([1], {"x": float("nan")}, "cannot be written as JSON"),
    ],
)
def test_what_is_no_document_is_refused_and_nothing_is_left(
    tmp_path: Path, document: Any, meta: dict[str, Any], words: str
) -> None:
    def attempt() -> None:
        with TokenShardWriter(tmp_path, "a.tar", 100) as writer:
            writer.add(document, meta)

    with pytest.raises(ShardError, match=words):
        attempt()
    assert os.listdir(tmp_path) == []


def test_wrong_calls(tmp_path: Path, sample_set: Write) -> None:
    shard = TokenShard(str(tmp_path), write(tmp_path, [[1, 2, 3]], page=2), 0)
    for start, stop in ((0, 4), (-1, 2), (2, 1)):
        with pytest.raises(IndexError, match="3 tokens"):
            shard.tokens(start, stop)
    with pytest.raises(UsageError, match=r"as tokens.*samples"):
        TokenShard("memory://tokens-samples", sample_set("memory://tokens-samples"), 0)


def test_damage(tmp_path: Path) -> None:
    manifest = write(tmp_path, [[1, 2, 3], [4, 5, 6]], page=4)
    shard = TokenShard(str(tmp_path), manifest, 0)
    index = shard.pages.index
    place = tmp_path / "a.tar"
    whole = place.read_bytes()
    for field, read in (("ends.npy", shard.documents), ("meta.jsonl", lambda: shard.meta(1))):
        data = bytearray(whole)
        data[int(index.offsets[1, index.fields.index(field)])] ^= 1
        place.write_bytes(data)
        with pytest.raises(CorruptSampleError, match=r"row 1 of a.tar"):
            read()
        place.write_bytes(whole)
        read()
    os.truncate(place, int(index.offsets[1, 0]) + 130)
    shard.close()
    with pytest.raises(ShardError, match=r"cut off.*2 bytes less"):
        shard.tokens(4, 6)


def test_a_manifest_that_says_something_else(tmp_path: Path, sample_set: Write) -> None:
    manifest = write(tmp_path, [[1, 2, 3]], page=2)
    body = json.loads(manifest.dump())
    for key in ("tokens", "samples"):
        changed = json.loads(json.dumps(body))
        changed["shards"][0][key] += 1
        shard = TokenShard(str(tmp_path), Manifest.model_validate(changed), 0)
        with pytest.raises(ShardError, match=r"not that of a token shard|disagree with the manifest"):
            shard.documents()
    samples = sample_set("memory://tokens-other")
    body["shards"] = [{**json.loads(samples.dump())["shards"][0], "tokens": 5}]
    with pytest.raises(ShardError, match=r"not that of a token shard.*fields txt, cls"):
        TokenShard("memory://tokens-other", Manifest.model_validate(body), 0).tokens(0, 1)


def test_forks_and_pickles_read_on(token_set: Write) -> None:
    shard = TokenShard("memory://tokens-fork", token_set("memory://tokens-fork"), 0)
    expected = shard.document(4).tolist()
    assert pickle.loads(pickle.dumps(shard)).document(4).tolist() == expected
    child = os.fork()
    if not child:
        os._exit(0 if shard.document(4).tolist() == expected else 1)
    assert os.waitpid(child, 0)[1] == 0
    shard.close()
    assert shard.meta(5) == {"id": "0-5"}
    fsspec.filesystem("memory").rm("/tokens-fork", recursive=True)


def test_tokens_are_as_narrow_as_the_vocabulary_allows() -> None:
    assert [token_dtype(vocabulary) for vocabulary in (1, 2**15 + 1, 2**16, 2**16 + 1)] == [*["uint16"] * 3, "uint32"]
