"""The tensors of torch's distributed checkpoint as safetensors: one file for each process, and no pickle.

The layout is that of torch's own `HuggingFaceStorageWriter`, and its reader reads it. Its writer, however, makes one
string of bytes of all tensors before it writes: that takes their memory once more and holds Python's lock, and so the
training, for 1.5 to 4 s per GB. And its reader takes the files that it finds for all there were: where one is missing,
a part of a tensor silently stays what it was.
"""

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.distributed.checkpoint.metadata import (
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)
from torch.distributed.checkpoint.planner import LoadPlan, LoadPlanner, ReadItem, SavePlan, SavePlanner, WriteItem
from torch.distributed.checkpoint.storage import StorageReader, StorageWriter, WriteResult
from torch.futures import Future

from headrace.shards.format.atomic import sync

_OFFSETS, _BEGINS = "DCP_SHARDING_INFO", "saved_offsets"
"""Under these names a file's header says where in the whole tensor each of its parts begins, as torch's does."""

Stored = Mapping[str, TensorStorageMetadata]
"""What there is of which tensors: shapes, dtypes, and where their parts begin."""


@dataclass(frozen=True)
class Part:
    """A file of a checkpoint, and its length in bytes."""

    file: str
    length: int


class Writer(StorageWriter):
    """Writes a folder of safetensors.

    Args:
        folder: Where; what lies there is deleted.
        complete: Is called when all parts are on the disk, by one process, with the length of each file.
    """

    def __init__(self, folder: Path, complete: Callable[[Mapping[str, int]], None]) -> None:
        self._folder = folder
        self._complete = complete

    def reset(self, checkpoint_id: str | os.PathLike[str] | None = None) -> None:
        """Nothing is left over from one checkpoint to the next."""

    def set_up_storage_writer(self, is_coordinator: bool, *args: Any, **kwargs: Any) -> None:
        """Nothing is to be set up."""

    def prepare_local_plan(self, plan: SavePlan) -> SavePlan:
        """A process' plan is good as it is."""
        return plan

    def prepare_global_plan(self, plans: list[SavePlan]) -> list[SavePlan]:
        """Make room, and give each process the name of its file; one process does it, before any writes."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        return [replace(plan, storage_data=f"rank-{rank:05d}.safetensors") for rank, plan in enumerate(plans)]

    def write_data(self, plan: SavePlan, planner: SavePlanner) -> Future[list[WriteResult]]:
        """Write this process' file; no file where there is nothing for it."""
        path = self._folder / str(plan.storage_data)
        written: Future[list[WriteResult]] = Future()
        if plan.items:
            tensors, header = _packed(plan.items, planner)
            save_file(tensors, path, header)
            sync(path)
            part = Part(path.name, path.stat().st_size)
            written.set_result([WriteResult(item.index, part.length, part) for item in plan.items])
        else:
            written.set_result([])
        return written

    def finish(self, metadata: Metadata, results: list[list[WriteResult]]) -> None:
        """All parts are on the disk."""
        parts = {result.storage_data for each in results for result in each}
        self._complete({part.file: part.length for part in sorted(parts, key=lambda part: part.file)})

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: str | os.PathLike[str]) -> bool:
        """Any will do, since none is asked for."""
        return True


class Reader(StorageReader):
    """Reads a folder of safetensors.

    Args:
        files: All of them.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._places: dict[MetadataIndex, Path] = {}

    def reset(self, checkpoint_id: str | os.PathLike[str] | None = None) -> None:
        """Nothing is left over from one checkpoint to the next."""

    def read(self) -> Stored:
        """What there is of which tensors, from the headers of all files."""
        tensors: dict[str, TensorStorageMetadata] = {}
        for path in self._files:
            with safe_open(path, framework="pt") as file:
                for name, place in json.loads(file.metadata()[_OFFSETS]).items():
                    part = file.get_slice(name)
                    shape, offset = torch.Size(part.get_shape()), torch.Size(place[_BEGINS])
                    if name not in tensors:
                        nothing: Tensor = part[tuple(slice(0) for _ in shape)]
                        tensors[name] = TensorStorageMetadata(TensorProperties(nothing.dtype), shape, [])
                    whole = tensors[name]
                    ends = (begin + length for begin, length in zip(offset, shape, strict=True))
                    whole.size = torch.Size(map(max, whole.size, ends))
                    whole.chunks.append(ChunkStorageMetadata(offset, shape))
                    self._places[MetadataIndex(name, offset)] = path
        return tensors

    def read_metadata(self, *args: Any, **kwargs: Any) -> Metadata:
        """The same, for torch."""
        return Metadata(dict(self.read()))

    def set_up_storage_reader(self, metadata: Metadata, is_coordinator: bool, *args: Any, **kwargs: Any) -> None:
        """Nothing is to be set up."""

    def prepare_local_plan(self, plan: LoadPlan) -> LoadPlan:
        """A process' plan is good as it is."""
        return plan

    def prepare_global_plan(self, plans: list[LoadPlan]) -> list[LoadPlan]:
        """So are all of them."""
        return plans

    def read_data(self, plan: LoadPlan, planner: LoadPlanner) -> Future[None]:
        """Read what is asked for, file by file."""
        by_file: dict[Path, list[ReadItem]] = defaultdict(list)
        for item in plan.items:
            by_file[self._places[item.storage_index]].append(item)
        for path, items in by_file.items():
            with safe_open(path, framework="pt") as file:
                for item in items:
                    ranges = zip(item.storage_offsets, item.lengths, strict=True)
                    wanted = tuple(slice(begin, begin + length) for begin, length in ranges)
                    found: Tensor = file.get_slice(item.storage_index.fqn)[wanted]
                    target = planner.resolve_tensor(item).detach().copy_(found)
                    planner.commit_tensor(item, target)
        read: Future[None] = Future()
        read.set_result(None)
        return read

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: str | os.PathLike[str]) -> bool:
        """Any will do, since none is asked for."""
        return True


def _packed(items: Sequence[WriteItem], planner: SavePlanner) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file, and its header."""
    tensors, places = {}, {}
    for item in items:
        tensor, about = planner.resolve_data(item), item.tensor_data
        assert isinstance(tensor, Tensor), f"{item.index.fqn} is no tensor"
        assert about is not None
        assert item.index.fqn not in tensors, f"two parts of {item.index.fqn} are one process'"
        tensors[item.index.fqn] = tensor.contiguous()
        places[item.index.fqn] = {_BEGINS: list(about.chunk.offsets)}
    return tensors, {_OFFSETS: json.dumps(places), "format": "pt"}
