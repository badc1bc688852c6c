"""Lightning, which goes on after any end, also on another number of processes.

python examples/frameworks/lightning_fit.py data/manuals --out runs/lightning --devices 2
"""

import argparse
from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from headrace.shards import Stream
from headrace.shards.stream import ConsumptionLog
from headrace.shards.stream.delivery.loader import Loader


class NextToken(LightningModule):
    def __init__(self, stream: Stream, batch_size: int, out: Path, width: int = 32) -> None:
        super().__init__()
        self.stream, self.batch_size, self.out = stream, batch_size, out
        vocabulary = stream.manifest.tokenizer.vocabulary
        self.network = nn.Sequential(nn.Embedding(vocabulary, width), nn.Linear(width, vocabulary))

    def train_dataloader(self) -> Loader:
        # Here, since the Trainer knows the ranks. `steps` gives the loader a length: without one Lightning reads one
        # batch ahead of the one it trains on, and a run that goes on from its checkpoint would never see that batch.
        return self.stream.loader(
            self.batch_size,
            rank=self.trainer.global_rank,
            world_size=self.trainer.world_size,
            steps=self.stream.steps_per_epoch(self.batch_size),
            num_workers=1,
        )

    def on_train_start(self) -> None:  # the loader was restored
        self.consumed = ConsumptionLog(self.out / "consumed", self.trainer.train_dataloader)  # for `--audit`

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.consumed.write()  # Lightning calls this on every rank
        self.trainer.strategy.barrier()

    def training_step(self, batch: dict[str, Tensor]) -> Tensor:
        tokens = batch["tokens"]  # int64 (rows, window + 1)
        loss = cross_entropy(self.network(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
        self.log("loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=1e-3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", help="a set of tokens, as `headrace build` makes it")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=32, help="of all processes together")
    parser.add_argument("--window", type=int, default=128)
    parser.add_argument("--devices", type=int, default=1)
    arguments = parser.parse_args()

    seed_everything(1)
    stream = Stream(arguments.shards, window=arguments.window, seed=1)
    checkpoints = ModelCheckpoint(arguments.out, every_n_train_steps=5, save_top_k=-1, filename="{step}")
    trainer = Trainer(
        devices=arguments.devices, max_steps=arguments.steps, max_epochs=-1, callbacks=[checkpoints], logger=False
    )
    # The loader's state is in the checkpoint, because it has `state_dict`.
    saved = sorted(arguments.out.glob("*.ckpt"), key=lambda path: path.stat().st_mtime)
    trainer.fit(NextToken(stream, arguments.batch_size, arguments.out), ckpt_path=saved[-1] if saved else None)


if __name__ == "__main__":
    main()
