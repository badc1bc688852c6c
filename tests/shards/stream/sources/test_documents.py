import hashlib

import numpy as np
import pytest

from headrace.shards.answers import Settings, show_audit
from headrace.shards.base.errors import StateError, UsageError
from headrace.shards.format.atomic import write_whole
from headrace.shards.format.manifest import Manifest, Tokenizer
from headrace.shards.format.token_writer import TokenShardWriter
from headrace.shards.stream import Stream
from headrace.shards.stream.audit.consumption import ConsumptionLog
from headrace.shards.stream.parts import Part

# Of the fixture `words`: the lengths of its documents, shard by shard; tokens count up from 1000 times the shard.
LENGTHS = [[7, 0, 40, 3], [1], [25, 25, 1]]


def test_every_document_comes_once_and_whole(words):
    stream = Stream(words, documents=True)
    assert stream.samples == 8
    samples = {sample["__key__"]: sample for sample in stream.read(np.arange(8))}
    for shard, lengths in enumerate(LENGTHS):
        starts = np.cumsum([0, *lengths]) + 1000 * shard
        for row, length in enumerate(lengths):
            sample = samples[f"{shard:05d}.tar/{row}"]
            assert sample["tokens"].tolist() == list(range(starts[row], starts[row] + length))
            assert sample["tokens"].dtype == np.uint16
            sample["tokens"][:1] = 7  # whoever transforms it may write into it


def test_batches_hold_documents_packed(words):
    (batch,) = Stream(words, documents=True).batches(8, steps=1)
    lengths = [length for shard in LENGTHS for length in shard]
    assert sorted(np.diff(batch["tokens"].offsets).tolist()) == sorted(lengths)


def test_metadata_comes_when_it_is_asked_for(tmp_path):
    with TokenShardWriter(tmp_path, "00000.tar", vocabulary=50, page_tokens=16) as writer:
        for number in range(9):
            writer.add(np.full(5, number), {"url": f"page {number}"})
    write_whole(f"{tmp_path}/tokenizer.json", b"{}")
    tokenizer = Tokenizer(sha256=hashlib.sha256(b"{}").hexdigest(), vocabulary=50, dtype="uint16")
    Manifest(kind="tokens", name="pages", tokenizer=tokenizer, shards=(writer.info,)).save(tmp_path)
    for sample in Stream(str(tmp_path), documents=True, fields=["meta", "tokens"]).read(np.arange(9)):
        assert sample["meta"]["url"] == f"page {sample['tokens'][0]}"
    (sample,) = Stream(str(tmp_path), documents=True, fields=["meta"]).read(np.arange(1))
    assert "tokens" not in sample


def test_documents_and_windows_are_different_streams(words):
    state = Stream(words, window=4, block=9).batches(4).state_dict()
    assert "documents" not in state["fingerprint"]
    with pytest.raises(StateError, match=r"window, documents changed.*documents = 1 in this stream"):
        Stream(words, documents=True, block=9).batches(4, start=state)


def test_what_does_not_fit_is_refused(words, images):
    with pytest.raises(UsageError, match="no documents"):
        Stream(images, documents=True)
    with pytest.raises(UsageError, match="windows or by document"):
        Stream(words, documents=True, window=4)
    with pytest.raises(UsageError, match=r"no field 'token'.*tokens"):
        Stream(words, documents=True, fields=["token"])


def test_a_run_over_documents_is_audited_as_such(words, tmp_path, capsys):
    stream = Stream(words, documents=True, lanes=2)
    batches = stream.batches(4, steps=5)
    log = ConsumptionLog(tmp_path / "consumed", batches)
    assert len(list(batches)) == 5
    log.write()
    log.close()
    show_audit(Settings(words, 0, 64, None, None, 256), tmp_path, None)
    assert "exactly once" in capsys.readouterr().out


def test_documents_of_several_sets_are_mixed(words, tmp_path):
    parts = [Part(words, 1, "some"), Part(words, 1, "others")]
    pairs = Stream(parts, documents=True, lanes=2, second=True).read(np.arange(400))
    assert {sample["__source__"] for sample in pairs} == {"some", "others"}
    for sample in pairs:
        assert sample["__second__"]["__source__"] == sample["__source__"]
        assert sample["__second__"]["__key__"] != sample["__key__"]
    windows = Stream(parts, window=4, lanes=2).read(np.arange(400))
    assert {sample["tokens"].size for sample in windows} == {5}
