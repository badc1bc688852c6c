"""`headrace stream` answers what the stream itself would: which samples a step holds, and who reads how much."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headrace.shards import answers
from headrace.shards.base.errors import AuditError, InputError, StateError, UsageError
from headrace.shards.format.atomic import write_whole
from headrace.shards.format.manifest import Manifest, Tokenizer
from headrace.shards.format.token_writer import TokenShardWriter
from headrace.shards.format.writer import ShardWriter
from headrace.shards.stream.audit.consumption import ConsumptionLog


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("texts")
    shards = []
    for shard in range(3):
        with ShardWriter(folder, f"{shard:05d}.tar") as writer:
            for row in range(40):
                writer.add(f"s{shard}r{row}", {"txt": f"text {row}".encode()})
        shards.append(writer.info)
    Manifest(kind="samples", name="texts", shards=tuple(shards)).save(folder)
    return str(folder)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("words")
    with TokenShardWriter(folder, "00000.tar", vocabulary=5000) as writer:
        writer.add(np.arange(1000))
    write_whole(f"{folder}/tokenizer.json", b"{}")
    tokenizer = Tokenizer(sha256=hashlib.sha256(b"{}").hexdigest(), vocabulary=5000, dtype="uint16")
    Manifest(kind="tokens", name="words", tokenizer=tokenizer, shards=(writer.info,)).save(folder)
    return str(folder)


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def settings(url: str, window: int | None = None, batch_size: int = 16) -> answers.Settings:
    return answers.Settings(url, seed=3, lanes=8, block=None, window=window, batch_size=batch_size)


def test_a_step_holds_what_the_stream_delivers(texts: str, capsys: pytest.CaptureFixture[str]) -> None:
    batches = iter(settings(texts).stream().batches(16))
    keys = [next(batches)["__key__"] for _ in range(3)][2]
    answers.show_step(settings(texts), step=2, state=None)
    assert re.findall(r"s\dr\d+", capsys.readouterr().out) == list(keys)


def test_a_state_knows_the_batch_sizes_of_its_run(
    texts: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batches = settings(texts).stream().batches(4)
    keys = list(next(iter(batches))["__key__"])
    (tmp_path / "state.json").write_text(json.dumps(batches.state_dict()))
    answers.show_step(settings(texts, batch_size=16), step=0, state=tmp_path / "state.json")
    assert re.findall(r"s\dr\d+", capsys.readouterr().out) == keys


def test_a_state_of_another_stream_is_refused(texts: str, words: str, tmp_path: Path) -> None:
    state = settings(words, window=10).stream().batches(4).state_dict()
    (tmp_path / "state.json").write_text(json.dumps(state))
    with pytest.raises(StateError):
        answers.show_step(settings(texts), step=0, state=tmp_path / "state.json")


def test_a_state_that_is_none_is_an_error(texts: str, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(InputError, match="state_dict"):
        answers.show_step(settings(texts), step=0, state=tmp_path / "state.json")


def test_the_summary_counts_an_epoch(texts: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    answers.show_stream(settings(texts))
    assert re.search(r"samples of an epoch .* 120 ", capsys.readouterr().out)
    answers.show_stream(settings(words, window=10))
    assert re.search(r"samples of an epoch .* 99 ", capsys.readouterr().out)


def test_tokens_need_a_window(words: str) -> None:
    with pytest.raises(UsageError, match="--window"):
        answers.show_stream(settings(words))


def test_an_audit_takes_the_settings_from_the_logs(
    texts: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batches = settings(texts).stream().batches(16)
    log = ConsumptionLog(tmp_path / "consumed", batches)
    for step, _ in enumerate(batches, 1):
        if step == 9:
            break
    log.write()
    log.close()
    (tmp_path / "state.json").write_text(json.dumps(batches.state_dict()))
    other = answers.Settings(texts, seed=0, lanes=1, block=None, window=None, batch_size=1)
    answers.show_audit(other, tmp_path, tmp_path / "state.json")
    output = capsys.readouterr().out
    assert re.search(r"epoch 0 +│ 120 of 120 samples", output)
    assert re.search(r"epoch 1 +│ 24 of 120 samples", output)
    assert "consumed exactly once" in output

    path = tmp_path / "consumed/rank-00000.jsonl"
    path.write_text(path.read_text().replace('"samples":144', '"samples":143'))
    with pytest.raises(AuditError, match=r"Found: 1 thing wrong"):
        answers.show_audit(other, tmp_path, None)
    assert "Wrong: rank 0 of 1, session 0, positions 0 to 144: it consumed 143 samples" in capsys.readouterr().out


def test_a_bench_measures_something(texts: str, capsys: pytest.CaptureFixture[str]) -> None:
    answers.show_bench(settings(texts), workers=0, seconds=0.05)
    output = capsys.readouterr().out
    found = re.search(r"samples per second\D*([\d,]+)", output)
    assert found is not None
    assert int(found[1].replace(",", "")) > 0
    assert "waited for" in output
    assert re.search(r"a sample takes.*disk [\d.]+ µs", output)


def test_a_plan_has_a_row_for_each_node_and_its_warnings(texts: str, capsys: pytest.CaptureFixture[str]) -> None:
    answers.show_plan(settings(texts, batch_size=20), world_size=4, ranks_per_node=2)
    output = capsys.readouterr().out
    assert len(re.findall(r"│ [01] +│", output)) == 2
    assert "Beware: 8 lanes do not divide a batch of 20" in output


def test_of_many_nodes_the_first_are_shown(texts: str, capsys: pytest.CaptureFixture[str]) -> None:
    answers.show_plan(settings(texts, batch_size=64), world_size=32, ranks_per_node=1)
    assert "16 nodes more" in capsys.readouterr().out


@pytest.fixture
def mixture(texts: str, tmp_path: Path) -> str:
    """A mixture file of the same texts under two names."""
    path = tmp_path / "mixture.yaml"
    path.write_text(f"sources:\n  most: {{url: {texts}, weight: 9}}\n  few: {{url: {texts}, weight: 1}}\n")
    return str(path)


def test_questions_are_asked_about_a_mixture_file(mixture: str, capsys: pytest.CaptureFixture[str]) -> None:
    answers.show_stream(settings(mixture))
    output = capsys.readouterr().out
    assert re.search(r"samples of an epoch .* 240 ", output)
    # Its share of 240 positions, by the 120 samples that it has.
    assert re.search(r"few +│ +100 +│ +120 +│ +0.20 +│ +3 ", output)
    answers.show_step(settings(mixture), step=1, state=None)
    output = capsys.readouterr().out
    (batch,) = [batch for step, batch in zip(range(2), settings(mixture).stream().batches(16), strict=False) if step]
    shown = re.findall(r"(most|few) +│.*(s\dr\d+)", output)
    assert shown == list(zip(batch["__source__"], batch["__key__"], strict=True))
    answers.show_plan(settings(mixture, batch_size=16), world_size=2, ranks_per_node=1)
    assert "nodes read a shard" in capsys.readouterr().out


def test_weights_that_rounding_distorts_are_told_of(
    mixture: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(Path(mixture).read_text().replace("weight: 9", "weight: 9000"))
    answers.show_stream(settings(str(path)))
    assert "Beware: 'few' has a share of 0.111 in 1,000" in capsys.readouterr().err


def test_tokens_are_read_by_document_when_that_is_said(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    answers.show_stream(replace(settings(words), documents=True))
    assert re.search(r"samples of an epoch .* 1 ", capsys.readouterr().out)
