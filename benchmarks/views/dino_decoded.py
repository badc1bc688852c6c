"""The views of DINO, as those of SimCLR above, of photographs that are decoded already; then crops alone."""

from .without_decoding import without_decoding

BENCHMARK = without_decoding("DINO without decoding", "dino", "photos/427", samples=66, least=3)
