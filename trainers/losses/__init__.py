"""Losses that pretexts share."""
