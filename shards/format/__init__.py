"""The shard format: WebDataset tars, their indices, token pages, the manifest."""
