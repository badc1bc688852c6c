"""The views of SimCLR as above, but of 16 photographs with 12 megapixels, as cameras make them, in batches of 8."""

from .side_by_side import side_by_side

BENCHMARK = side_by_side("SimCLR from 12 megapixels", "simclr", "photos/12mp", samples=16, batch=8, least=4)
