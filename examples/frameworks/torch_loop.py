"""A plain torch loop under torchrun, which goes on after any end, also on another number of processes.

torchrun --nproc-per-node 2 examples/frameworks/torch_loop.py data/manuals --out runs/torch
"""

import argparse
import os
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from headrace.shards import Stream
from headrace.shards.stream import ConsumptionLog


class NextToken(nn.Sequential):
    def __init__(self, vocabulary: int, width: int = 32) -> None:
        super().__init__(nn.Embedding(vocabulary, width), nn.Linear(width, vocabulary))

    def forward(self, tokens: Tensor) -> Tensor:
        """The loss of windows of tokens, int64 (rows, window + 1)."""
        return cross_entropy(super().forward(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", help="a set of tokens, as `headrace build` makes it")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=32, help="of all processes together")
    parser.add_argument("--window", type=int, default=128)
    arguments = parser.parse_args()

    dist.init_process_group()
    rank, world_size = dist.get_rank(), dist.get_world_size()
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if torch.cuda.is_available() else torch.device("cpu")

    stream = Stream(arguments.shards, window=arguments.window, seed=1)
    loader = stream.loader(arguments.batch_size, rank=rank, world_size=world_size, num_workers=1)
    vocabulary = stream.manifest.tokenizer.vocabulary
    torch.manual_seed(1)
    model = NextToken(vocabulary).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    latest = arguments.out / "latest.pt"
    if latest.exists():
        saved = torch.load(latest, map_location=device)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        loader.load_state_dict(saved["stream"])

    consumed = ConsumptionLog(arguments.out / "consumed", loader)  # for `headrace stream SHARDS --audit OUT`
    parallel = DistributedDataParallel(model)
    for batch in islice(loader, arguments.steps - loader.step):
        loss = parallel(batch["tokens"].to(device))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if loader.step % 5 == 0:
            consumed.write()
            dist.barrier()  # all ranks have logged what the checkpoint is going to call done
            if rank == 0:
                print(f"step {loader.step}: loss {loss:.3f}", flush=True)
                save(latest, model=model.state_dict(), optimizer=optimizer.state_dict(), stream=loader.state_dict())
    dist.destroy_process_group()


def save(path: Path, **parts: object) -> None:
    """One file for all processes, whole or not at all: the state of the stream is the same on each of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(parts, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


if __name__ == "__main__":
    main()
