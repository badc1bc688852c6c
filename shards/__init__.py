"""headrace.shards."""
