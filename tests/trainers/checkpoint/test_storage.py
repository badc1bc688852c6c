"""What is written by any number of processes, in any shape, is read bit for bit by any other number."""

import json
import os
from collections.abc import Mapping

import pytest
import torch
from safetensors import safe_open
from torch import distributed as dist
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner, DefaultSavePlanner
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader
from torch.distributed.checkpoint.staging import BlockingAsyncStager
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import async_save
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor

from headrace.trainers.checkpoint.storage import Reader, Writer
from tests.trainers.ranks import on_ranks

SHAPES = {"even": (8, 4), "uneven": (5, 3), "fewer": (1, 7), "vector": (6,), "deep": (4, 2, 3)}


def tensor(name, dtype=torch.float32):
    generator = torch.Generator().manual_seed(len(name))
    return torch.randn(SHAPES[name], generator=generator).to(dtype)


def write(folder, tensors):
    """Through the staging that training uses."""
    complete: Mapping[str, int] = {}

    def note(files):
        nonlocal complete
        complete = files
        (folder / "files.json").write_text(json.dumps(files))

    planner = DefaultSavePlanner(flatten_state_dict=False)
    writer = Writer(folder, note)
    async_save(tensors, storage_writer=writer, planner=planner, async_stager=BlockingAsyncStager()).result()
    return complete


def read(folder, targets):
    files = [folder / name for name in json.loads((folder / "files.json").read_text())]
    load(targets, storage_reader=Reader(files), planner=DefaultLoadPlanner(flatten_state_dict=False), no_dist=True)
    return targets


def same(found, expected):
    return found.dtype == expected.dtype and torch.equal(found, expected)


WHOLE = torch.arange(24.0).reshape(4, 6)
KINDS = {
    "fp32": WHOLE,
    "fp16": WHOLE.half(),
    "bf16": WHOLE.bfloat16(),
    "fp64": WHOLE.double(),
    "int64": torch.arange(5),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(3.5),
    "one number": torch.tensor([2.5]),
    "nothing": torch.zeros(0, 3),
    "transposed": WHOLE.t(),
    "channels last": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
    "part of another": WHOLE[1:3, 2:],
    "not a number": torch.tensor([float("nan"), float("-inf"), -0.0]).view(torch.float32),
}


def test_every_kind_of_tensor_comes_back_bit_for_bit_to_a_process_alone(tmp_path):
    files = write(tmp_path / "saved", KINDS)
    assert files == {"rank-00000.safetensors": os.path.getsize(tmp_path / "saved/rank-00000.safetensors")}
    found = read(tmp_path / "saved", {name: torch.zeros_like(each) for name, each in KINDS.items()})
    for name, expected in KINDS.items():
        bits = [each.contiguous().reshape(-1).view(torch.uint8) for each in (found[name], expected)]
        assert torch.equal(*bits), name


def test_what_stands_in_it_is_known_without_reading_it(tmp_path):
    write(tmp_path / "saved", KINDS)
    stored = Reader([tmp_path / "saved/rank-00000.safetensors"]).read()
    assert {name: (each.size, each.properties.dtype) for name, each in stored.items()} == {
        name: (each.shape, each.dtype) for name, each in KINDS.items()
    }


def test_nothing_at_all_can_be_saved(tmp_path):
    assert write(tmp_path / "saved", {}) == {}
    assert read(tmp_path / "saved", {}) == {}


def test_torch_reads_it_too(tmp_path):
    write(tmp_path / "saved", {"a": WHOLE})
    (tmp_path / "saved/files.json").unlink()
    targets = {"a": torch.zeros_like(WHOLE)}
    load(targets, storage_reader=HuggingFaceStorageReader(str(tmp_path / "saved")), no_dist=True)
    assert same(targets["a"], WHOLE)


PLAIN = {"step": torch.tensor(7.0), "plain": WHOLE}


def ways(size):
    """Ways to lay a tensor over so many processes: a mesh, and the placements on it."""
    line = init_device_mesh("cpu", (size,))
    yield "rows", line, [Shard(0)]
    yield "columns", line, [Shard(1)]
    yield "replicas", line, [Replicate()]
    if size == 4:
        square = init_device_mesh("cpu", (2, 2), mesh_dim_names=("a", "b"))
        yield "replicas of rows", square, [Replicate(), Shard(0)]
        yield "rows and columns", square, [Shard(0), Shard(1)]
        yield "rows of rows", square, [Shard(0), Shard(0)]


def laid_out(size, fill):
    """Every tensor in every way that suits it, and those that every process has whole."""
    found = {name: fill(each) for name, each in PLAIN.items()}
    for way, mesh, placements in ways(size):
        for name, shape in SHAPES.items():
            if max(getattr(place, "dim", 0) for place in placements) < len(shape):
                found[f"{way}/{name}"] = distribute_tensor(fill(tensor(name)), mesh, placements)
    return found


SLOW = [pytest.param(*each, marks=pytest.mark.slow) for each in ((4, 1), (4, 3), (2, 4))]


@pytest.mark.parametrize(("writers", "readers"), [(3, 2), *SLOW])
def test_sharded_and_replicated_tensors_move_between_numbers_of_processes(tmp_path, writers, readers):
    def put(world):
        write(tmp_path / "saved", laid_out(writers, torch.clone))

    def get(world):
        stored = Reader(list((tmp_path / "saved").glob("*.safetensors"))).read()
        # What was laid over four, in ways that fewer processes have not, is read whole.
        targets = {name: torch.zeros(each.size) for name, each in stored.items()}
        targets |= {name: each for name, each in laid_out(readers, torch.zeros_like).items() if name in stored}
        for name, each in read(tmp_path / "saved", targets).items():
            whole = each.full_tensor() if isinstance(each, DTensor) else each
            assert same(whole, tensor(name.partition("/")[2]) if "/" in name else PLAIN[name]), name
        return len(targets)

    on_ranks(writers, put)
    for read_back in on_ranks(readers, get):
        assert read_back >= len(PLAIN) + 3 * len(SHAPES) - 1  # of a vector there are no columns


def test_what_every_process_has_is_written_once(tmp_path):
    def put(world):
        write(tmp_path / "saved", {f"layer{number}": WHOLE for number in range(6)})

    on_ranks(3, put)
    names = []
    for path in (tmp_path / "saved").glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            names += file.keys()
    # Each once, and no process writes all of them.
    assert sorted(names) == [f"layer{number}" for number in range(6)]
    assert len(list((tmp_path / "saved").glob("*.safetensors"))) == 3


def test_a_part_that_cannot_be_written_is_an_error_everywhere(tmp_path):
    def put(world):
        class Failing(Writer):
            def write_data(self, plan, planner):
                if world.rank == 1:
                    raise OSError(28, "No space left on device")
                return super().write_data(plan, planner)

        done = []
        writer = Failing(tmp_path / "saved", done.append)
        future = async_save({"a": WHOLE, "b": WHOLE}, storage_writer=writer, process_group=dist.group.WORLD)
        return "No space left" in str(future.exception()), done

    assert on_ranks(2, put) == [(True, []), (True, [])]
