"""The views of DINO, 2 x 224 and 8 x 96, of photographs with 427 pixels on the shorter side."""

from .side_by_side import side_by_side

BENCHMARK = side_by_side("DINO, 2 x 224 + 8 x 96", "dino", "photos/427", samples=128, batch=32, least=2)
