"""A training loop of a user's own, but for the network: what `tests/end_to_end/test_stream.py` starts with torchrun.

    stream_loop.py SHARDS RUN STEPS BATCH

RUN/state.json is its checkpoint. RUN/kill holds `worker` or `rank`, and the rank and the step at which it dies of that;
it does so once.
"""

import json
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist

from headrace.shards.format.atomic import write_whole
from headrace.shards.stream import Stream
from headrace.shards.stream.audit.consumption import ConsumptionLog

EVERY = 4


def main(url: str, run: Path, steps: int, batch_size: int) -> None:
    dist.init_process_group("gloo")
    rank, world_size = dist.get_rank(), dist.get_world_size()
    saved = run / "state.json"
    stream = Stream(url, seed=5, lanes=8, tolerated=1.0)
    loader = stream.loader(
        batch_size,
        rank=rank,
        world_size=world_size,
        num_workers=2,
        start=json.loads(saved.read_text()) if saved.exists() else None,
    )
    log = ConsumptionLog(run / "consumed", loader)
    with (run / f"seen-{rank}.jsonl").open("a") as seen:
        for batch in loader:
            dist.all_reduce(torch.zeros(1))
            seen.write(json.dumps([batch["__position__"].tolist(), batch["__id__"].tolist()]) + "\n")
            seen.flush()
            time.sleep(0.01)
            die(run / "kill", rank, loader.step)
            if loader.step % EVERY == 0 or loader.step >= steps:
                log.write()
                dist.barrier()
                if rank == 0:
                    write_whole(saved, json.dumps(loader.state_dict()).encode())
            if loader.step >= steps:
                break
    dist.barrier()
    dist.destroy_process_group()


def die(note: Path, rank: int, step: int) -> None:
    """Do what the note says, if it is for this rank and step; the note goes."""
    what, *when = note.read_text().split() if note.exists() else ("", "", "")
    if when == [str(rank), str(step)]:
        note.unlink()
        victim = multiprocessing.active_children()[0].pid if what == "worker" else os.getpid()
        os.kill(victim or 0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
