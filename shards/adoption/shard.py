"""One tar, looked through once: its hash, its index, and what there is to say of it."""

import hashlib
from collections.abc import Sequence

from ..base.errors import ShardError
from ..base.terminal import printable
from ..format.atomic import write_whole
from ..format.digest import HashingReader
from ..format.index import index_name
from ..format.survey import survey
from ..format.transfer import Transfer, fetch
from ..format.urls import join, local_path
from .forward_source import Checkpoint, open_forward
from .journal import Entry
from .listing import Tar, look_up


def adopt_shard(tar: Tar, name: str, folder: str, transfer: Transfer, checkpoint: Checkpoint) -> Entry:
    """Read a tar from its beginning to its end, and write its index.

    Args:
        tar: The tar.
        name: Its name in the manifest.
        folder: Where the index goes, under the tar's name.
        transfer: What reads it where it lies elsewhere.
        checkpoint: Called with the bytes of each read; may raise to stop.

    Raises:
        ShardError: It is no tar that could be streamed, or it changed meanwhile.
        StoreError: A store does not give it.
        InputError: The index cannot be written.
    """
    with open_forward(tar.url, tar.bytes, transfer, checkpoint) as source:
        reader = HashingReader(source)
        found = survey(reader)
        digest = reader.finish()
    # Elsewhere the answer would come from the listing that fsspec keeps.
    if reader.bytes != tar.bytes or (local_path(tar.url) is not None and look_up([tar.url]) != [tar]):
        raise ShardError(
            "it changed while it was read",
            found=f"{reader.bytes:,} bytes",
            expected=f"{tar.bytes:,}, and nobody who writes",
            remedy="Wait until the tars are there, then run the same line again",
        )
    index = found.index.dump()
    write_whole(join(folder, index_name(name)), index)
    return Entry(
        name=name,
        bytes=tar.bytes,
        tag=tar.tag,
        samples=found.index.samples,
        sha256=digest,
        index_sha256=hashlib.sha256(index).hexdigest(),
        fields=found.index.fields,
        passed_over=len(found.passed_over),
        passed_over_example=_first(found.passed_over),
        returning=len(found.returning),
        returning_example=_first(found.returning),
        trailing=found.trailing,
    )


def is_unchanged(tar: Tar, known: Entry, folder: str, transfer: Transfer) -> bool:
    """Whether a tar is the one that was looked through before, and its index is still there."""
    if not tar.tag or (tar.bytes, tar.tag) != (known.bytes, known.tag):
        return False
    try:
        index = fetch(join(folder, index_name(known.name)), transfer)
    except FileNotFoundError:
        return False
    return hashlib.sha256(index).hexdigest() == known.index_sha256


def _first(names: Sequence[str]) -> str:
    """The first name, if any, as it can be shown."""
    return printable(names[0]) if names else ""
