"""Pretext tasks, one file each: samples and loss."""
