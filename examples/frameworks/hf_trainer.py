"""Hugging Face's Trainer, which goes on after any end, also on another number of processes.

torchrun --nproc-per-node 2 examples/frameworks/hf_trainer.py data/manuals --out runs/trainer
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments, set_seed

from headrace.shards import Stream
from headrace.shards.stream.delivery.loader import Loader
from headrace.trainers.huggingface import StreamCallback, latest_checkpoint


class FromStream(Trainer):
    """A Trainer that takes its batches as the stream deals them out."""

    def __init__(self, *args: Any, loader: Loader, **others: Any) -> None:
        super().__init__(*args, **others)
        self._loader = loader
        # The log is for `headrace stream SHARDS --audit OUT`.
        self.add_callback(StreamCallback(loader, log=Path(self.args.output_dir) / "consumed"))

    def get_train_dataloader(self) -> Loader:
        return self._loader  # and not prepared: it gives this process its own rows already


def to_inputs(sample: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """What the model is called with, and nothing else; the model itself shifts the labels."""
    return {"input_ids": sample["tokens"], "labels": sample["tokens"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", help="a set of tokens, as `headrace build` makes it")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=32, help="of a step, of all processes together")
    parser.add_argument("--accumulate", type=int, default=1, help="batches of the stream in a step")
    parser.add_argument("--window", type=int, default=128)
    arguments = parser.parse_args()

    set_seed(1)
    training = TrainingArguments(
        output_dir=str(arguments.out),
        max_steps=arguments.steps,
        save_steps=5,
        logging_steps=5,
        gradient_accumulation_steps=arguments.accumulate,
        ignore_data_skip=True,  # the stream stands where it stopped
        use_cpu=not torch.cuda.is_available(),  # or the processes do not join, and each takes itself for the only one
        report_to="none",
    )
    stream = Stream(arguments.shards, window=arguments.window, seed=1, transform=to_inputs)
    loader = stream.loader(
        arguments.batch_size // arguments.accumulate,
        rank=training.process_index,
        world_size=training.world_size,
        num_workers=1,
    )
    vocabulary = stream.manifest.tokenizer.vocabulary
    model = GPT2LMHeadModel(
        GPT2Config(vocab_size=vocabulary, n_positions=arguments.window + 1, n_embd=32, n_layer=1, n_head=2)
    )
    trainer = FromStream(model, training, loader=loader)
    trainer.train(resume_from_checkpoint=latest_checkpoint(arguments.out))

    accelerator = trainer.accelerator
    del trainer  # and DistributedDataParallel with it: gloo may hang where that outlives the group of processes
    accelerator.free_memory()
    accelerator.end_training()


if __name__ == "__main__":
    main()
