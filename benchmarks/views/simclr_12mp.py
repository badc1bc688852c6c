"""The same of photographs with 12 megapixels, as cameras make them."""

from .side_by_side import side_by_side

BENCHMARK = side_by_side("SimCLR from 12 megapixels", "simclr", "photos/12mp", samples=32, batch=8, least=4)
