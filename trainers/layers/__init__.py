"""Layers that transformers does not have: BatchNorm over groups, heads and decoders of pretexts."""
