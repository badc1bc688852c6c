"""Readers: raw crawls and archives to record batches, one file each."""
