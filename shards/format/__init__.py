"""The shard format: WebDataset tars, their indices, token pages, record files, and the manifest over them."""
