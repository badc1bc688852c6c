"""Run an example as `python EXAMPLE ARGUMENTS` would, and note on the way what its network is really fed with.

    recorded.py FILE KILLED_AT EXAMPLE ARGUMENTS ...

Before each computation the first tokens of all rows that this process feeds go into FILE.RANK, as one line of JSON; in
the tests' shards that token tells which window it is. When the last rank is fed for the KILLED_AT-th time, it
kills itself as the kernel would; 0: never.

Of torch, what is watched is the lowest point that all frameworks share: calls of an embedding as large as the
vocabulary. Of JAX it is what `train_step` is called with, as it lies on this process' devices.
"""

import json
import os
import runpy
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

VOCABULARY = 5000


class Record:
    """The file of this process; made when it is first fed, since ranks are known only then."""

    def __init__(self, file: str, killed_at: int) -> None:
        self._file, self._killed_at, self._fed = file, killed_at, 0

    def note(self, first_tokens: list[int], rank: int, world_size: int) -> None:
        with Path(f"{self._file}.{rank}").open("a") as lines:
            lines.write(json.dumps(first_tokens) + "\n")
        self._fed += 1
        if self._fed == self._killed_at and rank == world_size - 1:
            os.kill(os.getpid(), signal.SIGKILL)


def run_torch(example: str, record: Record) -> None:
    import torch

    torch.set_num_threads(1)

    def before(module: Any, inputs: tuple[Any, ...]) -> None:
        if isinstance(module, torch.nn.Embedding) and module.num_embeddings == VOCABULARY:
            group = torch.distributed
            record.note(inputs[0][:, 0].tolist(), group.get_rank(), group.get_world_size())

    torch.nn.modules.module.register_module_forward_pre_hook(before)
    runpy.run_path(example, run_name="__main__")


def run_jax(example: str, record: Record) -> None:
    import jax

    program = runpy.run_path(example)
    main, step = program["main"], program["train_step"]

    def watched(parameters: Any, tokens: Any) -> Any:
        shards = sorted(tokens.addressable_shards, key=lambda shard: shard.index[0].start)
        rows = [row for shard in shards for row in shard.data[:, 0].tolist()]
        record.note(rows, jax.process_index(), jax.process_count())
        return step(parameters, tokens)

    main.__globals__["train_step"] = watched
    main()
    assert "torch" not in sys.modules


def main() -> None:
    file, killed_at, example, *arguments = sys.argv[1:]
    sys.argv = [example, *arguments]
    run: Callable[[str, Record], None] = run_jax if Path(example).name.startswith("jax") else run_torch
    run(example, Record(file, int(killed_at)))


if __name__ == "__main__":
    main()
