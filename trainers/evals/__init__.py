"""Evaluations of a trained network: its features, labels for them, and what classifiers make of both."""
