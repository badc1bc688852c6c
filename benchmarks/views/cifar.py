"""The views of SimCLR for CIFAR-10, 2 x 32 without blur, of 2,048 pictures of its test half as PNG, in batches of 256.

All as for SimCLR, but torchvision on Pillow's images, which is faster for small ones.
"""

from .side_by_side import side_by_side
from .with_torchvision import on_pillow

BENCHMARK = side_by_side(
    "SimCLR on CIFAR-10, 2 x 32", "simclr_cifar", "cifar", samples=2048, batch=256, least=5, torchvision=on_pillow
)
