"""Trainings under torchrun whose workers, ranks and whole jobs are killed, resumed on other worlds, and audited."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from headrace.shards.format.index import Index, index_name
from headrace.shards.format.manifest import Manifest
from headrace.shards.format.writer import ShardWriter
from headrace.shards.stream import Stream

SIZES = [130, 61, 99, 1, 140, 77]
LOOP = Path(__file__).with_name("stream_loop.py")

pytestmark = pytest.mark.slow


@pytest.fixture
def shards(tmp_path):
    """Six ragged shards, of which one is damaged in its middle and one is cut off."""
    folder = tmp_path / "shards"
    folder.mkdir()
    written = []
    for shard, samples in enumerate(SIZES):
        with ShardWriter(folder, f"{shard:05d}.tar") as writer:
            for row in range(samples):
                writer.add(f"s{shard}r{row}", {"txt": f"the text {row} of {shard}".encode()})
        written.append(writer.info)
    Manifest(kind="samples", name="texts", shards=tuple(written)).save(folder)
    places = Index.load((folder / index_name("00002.tar")).read_bytes(), "00002.tar").offsets
    with (folder / "00002.tar").open("r+b") as file:
        file.seek(int(places[50, 0]))
        file.write(b"X")
    with (folder / "00005.tar").open("r+b") as file:
        file.truncate(int(Index.load((folder / index_name("00005.tar")).read_bytes(), "").offsets[70, 0]))
    return folder


class Job:
    """A run's folder, and torchrun in it."""

    def __init__(self, shards, run):
        self.shards, self.run = shards, run
        self.started = []
        run.mkdir()

    def start(self, ranks, steps, batch_size, restarts=0):
        line = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
        line += [f"--max-restarts={restarts}", "--monitor-interval=0.1", str(LOOP)]
        line += [str(self.shards), str(self.run), str(steps), str(batch_size)]
        # torchrun keeps one store over all attempts, in which ranks begun anew may find the addresses of dead ones.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
        with (self.run / "told").open("a") as told:
            process = subprocess.Popen(line, env=environment, stdout=told, stderr=told, start_new_session=True)
        self.started.append(process)
        return process

    def finish(self, *arguments, **settings):
        process = self.start(*arguments, **settings)
        assert process.wait(240) == 0, (self.run / "told").read_text()[-3000:]

    def kill_all(self, process, step):
        """Kill every process of the job once a checkpoint of this step or a later one is there."""
        wait_for(lambda: self.step() >= step or process.poll() is not None)
        assert process.poll() is None, (self.run / "told").read_text()[-3000:]
        self.end(process)

    def end(self, process):
        """Kill every process of the job."""
        for pid in [process.pid, *descendants(process.pid)] if process.poll() is None else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()

    def step(self):
        saved = self.run / "state.json"
        if not saved.exists():
            return 0
        state = json.loads(saved.read_text())
        step, position, size, _ = state["changes"][-1]
        return step + (state["position"] - position) // size

    def audit(self, *options):
        line = [sys.executable, "-m", "headrace.shards", "stream", str(self.shards), "--audit", str(self.run)]
        return subprocess.run([*line, *options], capture_output=True, text=True, check=False, timeout=120)

    def seen(self):
        """What was fed to the network at each position, by the last who did."""
        found = {}
        for path in sorted(self.run.glob("seen-*.jsonl")):
            for line in path.read_text().splitlines(keepends=True):
                if line.endswith("\n"):
                    found.update(dict(zip(*json.loads(line), strict=True)))
        return found


def wait_for(condition, seconds=200):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def descendants(pid):
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found += [child, *descendants(child)]
    return found


def number(name, output):
    return int(re.search(rf"{name}[^│]*│ ([\d,]+)", output)[1].replace(",", ""))


@pytest.fixture
def job(shards, tmp_path):
    job = Job(shards, tmp_path / "run")
    yield job
    for process in job.started:
        job.end(process)


def test_a_worker_a_rank_and_the_job_are_killed_and_it_goes_on_with_another_world(job):
    # torchrun itself begins anew when a rank has failed, because its worker died or because it was killed.
    (job.run / "kill").write_text("worker 1 6")
    job.finish(2, 10, 24, restarts=1)
    (job.run / "kill").write_text("rank 0 15")
    job.finish(2, 20, 24, restarts=1)
    job.kill_all(job.start(3, 1000, 30), step=28)
    reached = job.step()
    job.finish(1, reached + 6, 20)

    answer = job.audit("--state", str(job.run / "state.json"))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "Each of these positions was consumed exactly once" in answer.stdout
    # At least twice torchrun began anew, and thrice this test did.
    assert number("begun or continued", answer.stdout) >= 6
    assert number("damaged and replaced", answer.stdout) > 0
    assert job.audit().returncode == 0

    # The same, from what the network was fed with.
    position = json.loads((job.run / "state.json").read_text())["position"]
    stream = Stream(str(job.shards), seed=5, lanes=8, tolerated=1.0)
    expected = [sample["__id__"] for sample in stream.read(np.arange(position))]
    seen = job.seen()
    assert [seen[each] for each in range(position)] == expected

    # And a log from which a line is taken proves nothing.
    log = job.run / "consumed/rank-00001.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:1] + lines[2:]))
    answer = job.audit()
    assert answer.returncode == 8
    assert "rank 1 of 2: positions 0 to 96 are missing" in answer.stdout
    assert "do not prove" in answer.stderr


def test_two_processes_that_take_themselves_for_one_rank(shards, job):
    program = """
import sys
from headrace.shards.stream import Stream
from headrace.shards.stream.audit.consumption import ConsumptionLog
log = ConsumptionLog(sys.argv[2], Stream(sys.argv[1]).batches(8))
print("ready", flush=True)
sys.stdin.read()
"""
    line = [sys.executable, "-c", program, str(shards), str(job.run)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout.readline() == b"ready\n"
        second = subprocess.run(line, capture_output=True, text=True, check=False, input="", timeout=60)
        assert "cannot be kept to this process" in second.stderr
        first.kill()
    assert subprocess.run(line, check=False, input=b"", timeout=60).returncode == 0
