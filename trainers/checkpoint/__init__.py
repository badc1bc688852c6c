"""Checkpoints: everything that the next step depends on, as safetensors and JSON, whole or not at all.

    RUN/checkpoints/step-00000500/
        rank-00000.safetensors  what one process wrote: its parts of sharded tensors, its share of those that all have
        rank-00001.safetensors  ...
        state.json              step, position of the stream, to whom the checkpoint belongs, and how long each file is

Of tensors there are (see `contents`):

    model/NAME              parameters and buffers of the objective: network, heads, whatever after_step keeps
    optimizer/NAME/KEY      the moments of a parameter, such as optimizer/backbone.layers.0.mlp.fc1.weight/exp_avg
    ema/NAME                the average of a parameter, where the recipe asks for one

Learning rates, momenta and random numbers are closed forms of the step, and so not stored. The tensors are those of
torch's distributed checkpoint (`storage`): a checkpoint of any number of processes, however they shard, continues on
any other. It is written behind the training (`saver`) under a temporary name, and renamed when all parts are on the
disk.
"""

import warnings

from .checkpoints import Best, Checkpoints
from .contents import Contents
from .saver import Saver, saving

__all__ = ["Best", "Checkpoints", "Contents", "Saver", "saving"]

# That a single process saves and loads by itself is meant so; torch warns of it, and in a thread of its own.
warnings.filterwarnings("ignore", "torch.distributed is disabled", UserWarning)
