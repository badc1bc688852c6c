"""The views of DINO as above, but of 16 photographs with 12 megapixels, in batches of 8."""

from .side_by_side import side_by_side

BENCHMARK = side_by_side("DINO from 12 megapixels", "dino", "photos/12mp", samples=16, batch=8, least=4)
