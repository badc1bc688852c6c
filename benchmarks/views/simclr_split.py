"""Where the time of SimCLR's views goes, of photographs with 427 pixels on the shorter side, in one process.

Each of the first rows leaves out a step of the row above, so that their difference is the time of that step; between
the fourth and the fifth it is drawing and decoding. What is collated is nothing: views are rendered into the batch.
The last rows decode the same files from memory and do nothing else, at full size, and at the size that headrace chooses
for the views (by Pillow's `draft`): *relative time* is the share of that ceiling at which headrace makes views.
"""

from .split import split

BENCHMARK = split("Time of SimCLR's views", "simclr", "photos/427", samples=256, batch=64)
