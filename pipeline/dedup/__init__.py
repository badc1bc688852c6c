"""Deduplication: exact and near duplicates, each with its named survivor."""
