"""Logs: what a line holds, sessions, who may write, and what a full disk leaves."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from headrace.shards.base.errors import InputError
from headrace.shards.stream import Stream
from headrace.shards.stream.audit.audit import audit
from headrace.shards.stream.audit.consumption import ConsumptionLog
from headrace.shards.stream.audit.logs import read_logs, settings_of
from headrace.shards.stream.delivery.digest import digest


def batches(images, **settings):
    return Stream(images, seed=3, lanes=4, block=9).batches(10, rank=1, world_size=2, **settings)


def test_a_line_holds_the_digest_of_its_stretch(images, tmp_path):
    some = batches(images)
    log = ConsumptionLog(tmp_path / "run/consumed", some)
    walk = iter(some)
    taken = [next(walk) for _ in range(3)]
    log.write()
    log.write()  # nothing since
    taken += [next(walk)]
    log.write()
    log.close()
    begin, first, second = read_logs(tmp_path / "run")[1]
    assert (begin.start, begin.stop, begin.samples, begin.digest) == (0, 0, 0, "0" * 16)
    assert (first.start, first.stop, first.samples) == (0, 30, 15)
    assert (second.start, second.stop, second.samples) == (30, 40, 5)
    for line, rows in ((first, taken[:3]), (second, taken[3:])):
        positions, ids = (np.concatenate([batch[name] for batch in rows]) for name in ("__position__", "__id__"))
        assert line.digest == f"{digest(positions, ids):016x}"
    assert second.state.model_dump(mode="json") == some.state_dict()
    assert settings_of(tmp_path / "run")["seed"] == 3


def test_each_process_and_each_restored_state_is_a_session(images, tmp_path):
    for _ in range(2):
        some = batches(images)
        log = ConsumptionLog(tmp_path, some)
        next(iter(some))
        log.write()
        state = some.state_dict()
        next(iter(some))
        some.load_state_dict(state)
        next(iter(some))
        log.write()
        log.close()
    lines = read_logs(tmp_path)[1]
    assert [(line.session, line.start, line.stop) for line in lines] == [
        *((0, 0, 0), (0, 0, 10), (1, 10, 20)),
        *((2, 0, 0), (2, 0, 10), (3, 10, 20)),
    ]


def test_what_frameworks_let_through_is_what_counts(images, tmp_path):
    for rank, dropped in ((0, None), (1, 2)):
        some = Stream(images, seed=3, lanes=4, block=9).batches(10, rank=rank, world_size=2, steps=4)
        log = ConsumptionLog(tmp_path, some)
        for number, batch in enumerate(some):
            if number != dropped:
                log.saw(batch["__position__"], batch["__id__"])
        log.write()
        log.close()
    (problem,) = audit(Stream(images, seed=3, lanes=4, block=9), tmp_path).problems
    assert problem == (
        "rank 1 of 2, session 0, positions 0 to 40: it consumed 15 samples instead of 20; "
        "its part of the batch at position 20 is missing"
    )


def test_two_processes_are_not_one_rank(images, tmp_path):
    log = ConsumptionLog(tmp_path, batches(images))
    program = (
        "import sys; from headrace.shards.stream import Stream; "
        "from headrace.shards.stream.audit.consumption import ConsumptionLog; "
        "ConsumptionLog(sys.argv[2], Stream(sys.argv[1]).batches(10, rank=1, world_size=2))"
    )
    line = [sys.executable, "-c", program, images, str(tmp_path)]
    told = subprocess.run(line, capture_output=True, text=True, check=False).stderr
    assert "cannot be kept to this process" in told
    assert "Give each process its own `rank`" in told
    log.close()
    assert subprocess.run(line, check=False).returncode == 0


def test_a_full_disk_leaves_whole_lines(images, tmp_path, monkeypatch):
    some = batches(images)
    log = ConsumptionLog(tmp_path, some)
    next(iter(some))
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, data[:20]))
    with pytest.raises(InputError, match=r"rank-00001.jsonl cannot be written. Found: .*No space left"):
        log.write()
    monkeypatch.undo()
    log.write()
    lines = (tmp_path / "rank-00001.jsonl").read_text().splitlines()
    assert [json.loads(line)["state"]["position"] for line in lines] == [0, 10]


def test_a_folder_that_cannot_be_made(images, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be opened"):
        ConsumptionLog(tmp_path / "file", batches(images))
