"""Extractors: one column of a record made from another, one file each."""
