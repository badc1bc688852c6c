"""Evaluations of a trained network, one file each."""
