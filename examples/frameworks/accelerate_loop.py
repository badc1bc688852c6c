"""A loop with Hugging Face Accelerate, which goes on after any end, also on another number of processes.

accelerate launch --num-processes 2 examples/frameworks/accelerate_loop.py data/manuals --out runs/accelerate
"""

import argparse
from itertools import islice
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import send_to_device, set_seed
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

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

    # Without `cpu` the processes of a machine without GPUs do not join: each takes itself for the only one.
    accelerator = Accelerator(cpu=not torch.cuda.is_available())
    rank, world_size = accelerator.process_index, accelerator.num_processes
    set_seed(1)
    stream = Stream(arguments.shards, window=arguments.window, seed=1)
    model = NextToken(stream.manifest.tokenizer.vocabulary)
    model, optimizer = accelerator.prepare(model, torch.optim.AdamW(model.parameters(), lr=1e-3))

    # Not prepared, since it gives this process its own rows already; registered, so that its state is saved.
    loader = stream.loader(arguments.batch_size, rank=rank, world_size=world_size, num_workers=1)
    accelerator.register_for_checkpointing(loader)

    latest = arguments.out / "latest"
    if latest.exists():
        accelerator.load_state(latest.read_text())

    consumed = ConsumptionLog(arguments.out / "consumed", loader)  # for `headrace stream SHARDS --audit OUT`
    for batch in islice(loader, arguments.steps - loader.step):
        loss = model(send_to_device(batch["tokens"], accelerator.device))
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        if loader.step % 5 == 0:
            accelerator.print(f"step {loader.step}: loss {loss:.3f}", flush=True)
            consumed.write()
            folder = arguments.out / f"step-{loader.step}"
            accelerator.save_state(folder)
            accelerator.wait_for_everyone()
            if accelerator.is_main_process:  # only now is the checkpoint whole
                latest.with_suffix(".tmp").write_text(str(folder))
                latest.with_suffix(".tmp").rename(latest)
    accelerator.end_training()


if __name__ == "__main__":
    main()
