"""The views of DINO of 66 photographs that are decoded already, on one core; beside them their crops alone."""

from .without_decoding import without_decoding

BENCHMARK = without_decoding("DINO without decoding", "dino", "photos/427", samples=66, least=3)
