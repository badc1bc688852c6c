"""Masked autoencoding with a ViT-Ti/8 on 64 pixels, 64 photographs a step, blocks of 10 steps, on all cores.

As for SimCLR. Only a quarter of the patches goes through the encoder, so that a photograph is a seventh of the
work that it is there, and its decoding weighs as much more.
"""

from .data import write_photos
from .table import loop_table

BENCHMARK = loop_table("Loop: MAE, ViT-Ti/8 on 64 pixels", "mae", 10, write_photos)
