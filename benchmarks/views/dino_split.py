"""Where the time of DINO's views goes, as above."""

from .split import split

BENCHMARK = split("Time of DINO's views", "dino", "photos/427", samples=256, batch=64)
