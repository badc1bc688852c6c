"""SimCLR with a ViT-Ti/8 on views of 64 pixels, 32 photographs a step, blocks of 8 steps, on all cores.

*headrace train* is the whole loop of a run: loader, steps, metrics, progress. The *bare model* is the same network,
loss and optimizer on one batch that is always there: forward, backward, step. The ratio of their times is what a run
reaches of the samples per second that the model allows. The loader runs in the training process, without workers.
"""

from .data import write_photos
from .table import loop_table

BENCHMARK = loop_table("Loop: SimCLR, ViT-Ti/8 on 64 pixels", "simclr", 8, write_photos)
