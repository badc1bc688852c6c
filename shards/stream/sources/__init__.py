"""From places to samples: what is read of shards there, decoded, replaced where damaged, and transformed."""
