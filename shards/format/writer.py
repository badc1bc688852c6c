"""Writes one shard of samples: the tar, and the index beside it, both whole or not at all."""

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from ..base.errors import ShardError
from .atomic import atomic_write, write_whole
from .digest import HashingWriter
from .index import IndexBuilder, index_name
from .naming import check_field, check_key
from .shard_list import ShardInfo
from .tar import TarWriter
from .urls import join


class ShardWriter:
    """Writes the samples of one shard in the order in which they are added; a context manager.

        with ShardWriter(folder, "shards/00000.tar") as shard:
            shard.add("017", {"jpg": picture, "cls": b"3"})
        manifest_entry = shard.info

    The index takes its name just before the tar does, so where there is a tar, there is its index. When the block
    raises, neither appears.

    Args:
        folder: The folder (path or fsspec URL) of the set, in which the manifest will lie.
        name: The tar's name relative to it.
    """

    info: ShardInfo
    """The manifest's entry; there once the block has ended."""

    def __init__(self, folder: str | Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._index = IndexBuilder()
        self._keys: set[str] = set()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        stream = self._stack.enter_context(atomic_write(join(self._folder, self._name)))
        self._sink = HashingWriter(stream)
        self._tar = TarWriter(self._sink)
        self._stack.push(self._seal)
        return self

    def add(self, key: str, fields: Mapping[str, bytes]) -> None:
        """Append a sample with its fields, in their order.

        Raises:
            ShardError: WebDataset's reader would not read back this key and these fields as they are.
        """
        check_key(key)
        if key in self._keys:
            raise ShardError(f"the shard {self._name} has two samples with one key", found=repr(key))
        if not fields:
            raise ShardError(f"the sample {key!r} has no field", expected="at least one; its content may be empty")
        for field in fields:
            check_field(field)
        self._keys.add(key)
        self._index.add(key, {field: self._tar.add(f"{key}.{field}", data) for field, data in fields.items()})

    def _seal(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the tar and write the index, unless the block failed; runs before the tar takes its name."""
        if error is not None:
            return
        self._tar.finish()
        digest = self._sink.finish()
        index = self._index.build().dump()
        write_whole(join(self._folder, index_name(self._name)), index)
        self.info = ShardInfo(
            name=self._name,
            samples=self._index.samples,
            bytes=self._sink.bytes,
            sha256=digest,
            index_sha256=hashlib.sha256(index).hexdigest(),
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
