"""Compiled functions that read shards: many ranges of many files in one call, held against their checksums."""
