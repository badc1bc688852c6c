"""The stream: one deterministic order for any number of nodes.

Read `order` first, which composes `lanes`, `blocks` and `feistel` into the order of one source, and `mixing`, which
composes these into the order of several; then `batch` and `state`. `stream` puts them before shards, read by `samples`,
`windows` or `documents`; `batches` and `loader` deliver.
"""

from .stream import Stream

__all__ = ["Stream"]
