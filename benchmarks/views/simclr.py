"""The views of SimCLR, 2 x 224, of photographs with 427 pixels on the shorter side: from JPEG in a tar to uint8 batches."""

from .side_by_side import side_by_side

BENCHMARK = side_by_side("SimCLR, 2 x 224", "simclr", "photos/427", samples=256, batch=64, least=1.8)
