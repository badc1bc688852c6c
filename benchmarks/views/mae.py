"""The views of MAE, 1 x 224, cut bicubic and mirrored, of 512 photographs with 427 pixels on the shorter side.

All as for SimCLR.
"""

from .side_by_side import side_by_side

BENCHMARK = side_by_side("MAE, 1 x 224", "mae", "photos/427", samples=512, batch=64, least=1.5)
