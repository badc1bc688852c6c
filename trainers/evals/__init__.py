"""Evaluations of a trained network, one file each."""

from .knn import Knn
from .linear_probe import LinearProbe

EVALUATIONS = {"knn": Knn, "linear_probe": LinearProbe}
"""The names under which a recipe asks for them."""
