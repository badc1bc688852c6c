"""Filters: verdicts with reasons and measured values, one file each."""
