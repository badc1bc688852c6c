"""Every example on two processes, of which one is killed, and then on three: what was fed is the closed-form order."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest

from headrace.shards.stream import Stream
from headrace.shards.stream.audit.audit import audit
from headrace.shards.stream.questions import samples_of_step

EXAMPLES = Path(__file__).parents[3] / "examples" / "frameworks"
RECORDED = Path(__file__).with_name("recorded.py")
WINDOW, ROWS, BATCHES, KILLED_AT, SAVED_EVERY = 8, 12, 22, 13, 5
INSTALL = "install it with `pip install 'headrace[frameworks]'`"
PATIENCE = 240


@dataclass(frozen=True)
class Job:
    """An example and what it needs; `batches` of the stream make up one of its steps."""

    example: str
    needs: tuple[str, ...]
    batches: int = 1

    def arguments(self, counted: str, out: Path, world_size: int) -> list[str]:
        size = {"--steps": BATCHES // self.batches, "--batch-size": ROWS * self.batches, "--window": WINDOW}
        if self.batches > 1:
            size["--accumulate"] = self.batches
        if self.example == "lightning_fit":
            size["--devices"] = world_size
        return [counted, "--out", str(out), *(str(part) for pair in size.items() for part in pair)]


JOBS = [
    Job("torch_loop", ()),
    Job("accelerate_loop", ("accelerate",)),
    Job("hf_trainer", ("accelerate",)),
    Job("hf_trainer", ("accelerate",), batches=2),
    Job("lightning_fit", ("lightning",)),
    Job("jax_mesh", ("jax", "orbax.checkpoint")),
]


@pytest.mark.slow
@pytest.mark.parametrize("job", JOBS, ids=lambda job: f"{job.example}-{job.batches}")
def test_all_processes_together_are_fed_the_order(job, counted, tmp_path):
    for name in job.needs:
        pytest.importorskip(name, reason=f"{name} is not installed; {INSTALL}")
    first, second = tmp_path / "first", tmp_path / "second"
    assert run(job, counted, tmp_path / "out", 2, first, killed_at=KILLED_AT) != 0
    assert run(job, counted, tmp_path / "out", 3, second, killed_at=0) == 0

    stream = Stream(counted, window=WINDOW, seed=1)
    before, after = fed(first, 2), fed(second, 3)
    start = BATCHES - len(after[0])
    # It went on from a checkpoint, and so not always from the last one: some frameworks save in the background.
    assert start in range(SAVED_EVERY, KILLED_AT, SAVED_EVERY)
    assert {len(rank) for rank in after} == {BATCHES - start}
    assert min(len(rank) for rank in before) >= KILLED_AT - 1
    agree(stream, before, 0)
    agree(stream, after, start)

    # Counted without the order, too: over what is an epoch but for its last batch, no window comes twice.
    whole = stream.samples // ROWS
    seen = [rank[step] for rank in before for step in range(start)]
    seen += [rank[step] for rank in after for step in range(whole - start)]
    assert start < whole < BATCHES
    assert sum(map(len, seen)) == len(set(chain(*seen))) == whole * ROWS

    # And by the run's own logs: up to the last checkpoint, since nothing is logged between two.
    proved = audit(stream, tmp_path / "out")
    assert proved.problems == ()
    assert proved.samples in (BATCHES * ROWS, BATCHES // SAVED_EVERY * SAVED_EVERY * ROWS)
    assert (proved.ranks, proved.sessions) == (3, 2)


def agree(stream, ranks, start):
    """Hold what each rank was fed, batch after batch from `start`, against the order, row by row."""
    for rank, batches in enumerate(ranks):
        share = slice(rank * ROWS // len(ranks), (rank + 1) * ROWS // len(ranks))
        for step, batch in enumerate(batches, start):
            visits = samples_of_step(stream, step, ROWS).visits
            assert batch == [1000 * int(visit.shard[:5]) + WINDOW * visit.row for visit in visits][share], (rank, step)


def fed(file, world_size):
    """The batches that each rank was fed, as lists of the windows' first tokens."""
    return [
        [json.loads(line) for line in Path(f"{file}.{rank}").read_text().splitlines()] for rank in range(world_size)
    ]


def run(job, counted, out, world_size, file, killed_at):
    """Start an example on some processes, as its users do, and wait until all have ended; 0 where all went well."""
    recorded = [str(RECORDED), str(file), str(killed_at), str(EXAMPLES / f"{job.example}.py")]
    program = [*recorded, *job.arguments(counted, out, world_size)]
    if job.example == "jax_mesh":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            place = ["--processes", str(world_size), "--coordinator", f"127.0.0.1:{free.getsockname()[1]}"]
        commands = [[sys.executable, *program, *place, "--process", str(rank)] for rank in range(world_size)]
    else:
        torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(world_size)]
        commands = [[sys.executable, *torchrun, *program]]
    return wait(commands, Path(f"{file}.log"))


def wait(commands, log):
    """Wait until all have ended; where one fails the others are killed, and where it takes too long, all are ended."""
    devices = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    environment = {**os.environ, **devices}
    with log.open("w") as told:
        options = {"stdout": told, "stderr": told, "start_new_session": True, "env": environment}
        processes = [subprocess.Popen(command, **options) for command in commands]
        deadline = time.monotonic() + PATIENCE
        while any(process.poll() is None for process in processes):
            late = time.monotonic() > deadline
            for process in processes if late or any(process.poll() for process in processes) else []:
                # torchrun ends its workers, which are in sessions of their own, unless it is killed itself.
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGTERM if late else signal.SIGKILL)
                    process.wait()
            time.sleep(0.1)
    code = max(abs(process.returncode) for process in processes)
    print(log.read_text()[-4000:])  # shown by pytest where the test fails
    return code
