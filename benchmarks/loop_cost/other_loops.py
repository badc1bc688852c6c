"""Other loops around the same GPT-2, on the tokens of the same shards in one flat file."""

import math
import os
from pathlib import Path
from typing import Any

from ..harness import Timed
from .data import FLAT, VOCABULARY
from .held import Held, blocks

BATCH, WINDOW, TELL_EVERY = 32, 128, 10
RATE, LEAST_RATE, WARMUP, STEPS = 6e-4, 6e-5, 2000, 600_000
BETAS, DECAY, CLIP = (0.9, 0.95), 0.1, 1.0


def nanogpt(steps: int, folder: Path) -> Timed:
    """The structure of nanoGPT's train.py."""
    import numpy as np
    import torch
    from torch.nn import functional as F

    def get_batch() -> tuple[Any, Any]:
        data = np.memmap(folder / FLAT, dtype=np.uint16, mode="r")
        starts = torch.randint(len(data) - WINDOW, (BATCH,))
        x = torch.stack([torch.from_numpy(data[i : i + WINDOW].astype(np.int64)) for i in starts])
        y = torch.stack([torch.from_numpy(data[i + 1 : i + 1 + WINDOW].astype(np.int64)) for i in starts])
        return x, y

    def rate_of(step: int) -> float:
        if step < WARMUP:
            return RATE * (step + 1) / (WARMUP + 1)
        share = (step - WARMUP) / (STEPS - WARMUP)
        return LEAST_RATE + 0.5 * (1 + math.cos(math.pi * share)) * (RATE - LEAST_RATE)

    model = _gpt2().train()
    decays = [each for each in model.parameters() if each.dim() >= 2]
    others = [each for each in model.parameters() if each.dim() < 2]
    groups = [{"params": decays, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=BETAS)

    def loop(held: Held) -> None:
        x, y = get_batch()
        for step in range(STEPS):
            held.step()
            for group in optimizer.param_groups:
                group["lr"] = rate_of(step)
            logits = model(x).logits
            loss = F.cross_entropy(logits.view(-1, logits.size(-1)), y.view(-1), ignore_index=-1)
            x, y = get_batch()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            if step % TELL_EVERY == 0:
                print(f"iter {step}: loss {loss.item():.4f}")

    return blocks(loop, steps, BATCH)


def trainer(steps: int, folder: Path) -> Timed:
    """The Trainer of transformers with its own data loader, without workers."""
    import numpy as np
    import torch
    from transformers import Trainer, TrainerCallback, TrainingArguments

    tokens = np.memmap(folder / FLAT, dtype=np.uint16, mode="r")

    class Windows(torch.utils.data.Dataset[Any]):
        def __len__(self) -> int:
            return len(tokens) // WINDOW

        def __getitem__(self, place: int) -> dict[str, Any]:
            window = torch.from_numpy(tokens[place * WINDOW : (place + 1) * WINDOW].astype(np.int64))
            return {"input_ids": window, "labels": window}

    arguments = TrainingArguments(
        output_dir=str(folder / str(os.getpid())),
        per_device_train_batch_size=BATCH,
        max_steps=STEPS,
        learning_rate=RATE,
        lr_scheduler_type="cosine",
        warmup_steps=WARMUP,
        adam_beta1=BETAS[0],
        adam_beta2=BETAS[1],
        weight_decay=DECAY,
        max_grad_norm=CLIP,
        logging_steps=TELL_EVERY,
        save_strategy="no",
        report_to=[],
        use_cpu=True,
    )

    def loop(held: Held) -> None:
        class Blocks(TrainerCallback):
            def on_step_begin(self, *_: Any, **__: Any) -> None:
                held.step()

        Trainer(model=_gpt2(), args=arguments, train_dataset=Windows(), callbacks=[Blocks()]).train()

    return blocks(loop, steps, BATCH)


def _gpt2() -> Any:
    """As the recipe `gpt` says."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(n_layer=4, n_head=4, n_embd=256, n_positions=WINDOW, vocab_size=VOCABULARY)
    config.bos_token_id = config.eos_token_id = 0
    config.embd_pdrop = config.resid_pdrop = config.attn_pdrop = 0.0
    return GPT2LMHeadModel(config)
