"""Where the time of SimCLR's views of 12 megapixels goes, as above."""

from .split import split

BENCHMARK = split("Time of SimCLR's views from 12 megapixels", "simclr", "photos/12mp", samples=16, batch=8)
