"""Outputs: curated records as shards, token pages, Parquet or JSONL."""
