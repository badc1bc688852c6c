"""The views of SimCLR for CIFAR-10, 2 x 32 without blur, of 2,048 pictures of its test half as PNG, in batches of 256.

All as for SimCLR.
"""

from .side_by_side import side_by_side

BENCHMARK = side_by_side("SimCLR on CIFAR-10, 2 x 32", "simclr_cifar", "cifar", samples=2048, batch=256, least=5)
