"""The stream: one deterministic order for any number of nodes.

Read `order` first, which composes `lanes`, `blocks` and `feistel` into the order; then `batch` and `state`. `stream`
puts them before shards, read by `samples` or `windows`; `batches` and `loader` deliver.
"""

from .stream import Stream

__all__ = ["Stream"]
