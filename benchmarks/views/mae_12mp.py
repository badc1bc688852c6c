"""The same of photographs with 12 megapixels."""

from .side_by_side import side_by_side

BENCHMARK = side_by_side("MAE from 12 megapixels", "mae", "photos/12mp", samples=32, batch=8, least=4)
