"""The views of MAE as above, but of 16 photographs with 12 megapixels, in batches of 8."""

from .side_by_side import side_by_side

BENCHMARK = side_by_side("MAE from 12 megapixels", "mae", "photos/12mp", samples=16, batch=8, least=4)
