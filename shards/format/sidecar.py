"""A shard's index, fetched from beside it and held against the manifest before anything is read by it."""

import hashlib

from ..base.errors import ShardError
from .index import Index, index_name
from .shard_list import ShardInfo
from .store import Store
from .urls import join


def open_index(folder: str, shard: ShardInfo, store: Store | None = None) -> Index:
    """The index of one shard, fetched once more where it is wrong.

    Args:
        folder: Where the index lies.
        shard: Its shard.
        store: How it is reached; default: where it lies.

    Raises:
        ShardError: It is missing, is not the one of the manifest, or points outside the shard.
    """
    place = join(folder, index_name(shard.name))
    reached = store or Store()
    data = reached.index(place, shard)
    if hashlib.sha256(data).hexdigest() != shard.index_sha256:
        data = reached.index_again(place, shard)
    if (digest := hashlib.sha256(data).hexdigest()) != shard.index_sha256:
        raise ShardError(
            f"{place} is not the index that the manifest names",
            found=f"sha256 {digest}",
            expected=str(shard.index_sha256),
            remedy="Copy or build the shard and its index again",
        )
    index = Index.load(data, place)
    if index.offsets.size and int((index.offsets + index.sizes).max()) > shard.bytes:
        raise ShardError(f"{place} points beyond the end of {shard.name}", expected=f"at most {shard.bytes:,} bytes")
    return index
