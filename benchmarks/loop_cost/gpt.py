"""A GPT-2 of 4 layers of 256 on 128 tokens, 32 windows a step, blocks of 10 steps, on all cores; beside other loops.

As for SimCLR. *nanoGPT's loop* is written after its train.py: random windows of one flat file, mapped anew for each
batch, the next of which is fetched after the forward pass; learning rate by a cosine, clipping, AdamW, the loss told
every 10 steps. *transformers' Trainer* takes the same windows from a dataset. All train transformers' GPT-2 of the same
configuration; ours takes the cross-entropy of some tokens at a time, the others that of all. Trainer's model shifts the
labels itself and so predicts 127 tokens of a window.
"""

from functools import partial

from ..harness import Contestant
from .data import write_text
from .other_loops import nanogpt, trainer
from .table import loop_table

STEPS = 10
PEER = "transformers"

BENCHMARK = loop_table(
    "Loop: GPT-2, 4 x 256 on 128 tokens",
    "gpt",
    STEPS,
    write_text,
    (
        Contestant("nanoGPT's loop", PEER, partial(nanogpt, STEPS)),
        Contestant("transformers' Trainer", PEER, partial(trainer, STEPS)),
    ),
)
