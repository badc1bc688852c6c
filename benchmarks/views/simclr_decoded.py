"""The views of SimCLR of 66 photographs, 427 pixels on the shorter side, that are decoded already; then crops alone.

headrace writes into planes of a batch; albumentations' arrays (224, 224, 3) count as they come, without making tensors
or a batch of them. Its bicubic scaling does not antialias, as ours does; told to antialias, it averages areas where
pixels become fewer, which stands in rows of its own.
"""

from .without_decoding import without_decoding

BENCHMARK = without_decoding("SimCLR without decoding", "simclr", "photos/427", samples=66, least=3)
