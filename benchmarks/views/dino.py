"""The views of DINO, 2 x 224 and 8 x 96, of 128 photographs with 427 pixels on the shorter side, in batches of 32.

All as for SimCLR; lightly's crops are bicubic here, as all others'. The blur's kernel is as wide as its sigma needs,
in torchvision, where it must be named, DINOv2's 9 pixels.
"""

from .side_by_side import side_by_side

BENCHMARK = side_by_side("DINO, 2 x 224 + 8 x 96", "dino", "photos/427", samples=128, batch=32, least=2)
