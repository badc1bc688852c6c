import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from headrace.shards.base.errors import InputError, UsageError
from headrace.shards.stream import Stream
from headrace.shards.stream.delivery import tensors
from headrace.shards.stream.delivery.prepared import tensor_batch

TRANSFORMS = """
def drawn(sample, rng):
    return {"id": sample["__id__"], "epoch": sample["__epoch__"], "npy": sample["npy"], "drawn": rng.random(3)}

def to_tensor(sample, rng):
    import torch
    return {"id": sample["__id__"], "picture": torch.from_numpy(sample["npy"])}

def large(sample, rng):
    import numpy as np
    return {"id": sample["__id__"], "large": np.full(50_000, sample["__id__"], np.int32)}

def broken(sample, rng):
    from headrace.shards.base.errors import InputError
    raise InputError("the sample is damaged", found="holes", remedy="Mend it")
"""

forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
WORKERS = [
    {"num_workers": 0},
    pytest.param({"num_workers": 1, "prefetch_factor": 5}, marks=forks),
    pytest.param({"num_workers": 2, "persistent_workers": True}, marks=forks),
]
SPAWNED = {"num_workers": 1, "multiprocessing_context": "spawn"}


@pytest.fixture
def transforms(tmp_path, monkeypatch):
    """A module that spawned workers can import."""
    (tmp_path / "some_transforms.py").write_text(TRANSFORMS)
    monkeypatch.syspath_prepend(tmp_path)
    import some_transforms

    yield some_transforms
    del sys.modules["some_transforms"]


def seen(batches):
    return [{name: np.asarray(column).tolist() for name, column in batch.items()} for batch in batches]


@pytest.mark.parametrize("workers", [*WORKERS, SPAWNED])
def test_workers_deliver_what_this_process_would(images, transforms, workers):
    stream = Stream(images, seed=2, lanes=4, transform=transforms.drawn)
    stream.read(np.arange(30))  # so that there are open files that a fork could take along
    expected = seen(stream.batches(20, rank=1, world_size=2, steps=7))
    assert seen(stream.loader(20, rank=1, world_size=2, steps=7, **workers)) == expected


@pytest.mark.parametrize("workers", WORKERS)
def test_the_state_names_what_was_delivered_though_workers_are_ahead(images, transforms, workers):
    stream = Stream(images, seed=2, transform=transforms.drawn)
    whole = seen(stream.batches(16, steps=9))
    loader = stream.loader(16, **workers)
    got = []
    for batch in loader:
        got += seen([batch])
        if len(got) == 4:
            break
    state = json.loads(json.dumps(loader.state_dict()))
    assert state["position"] == 64
    later = Stream(images, seed=2, transform=transforms.drawn).loader(16, start=state, steps=9)
    assert got + seen(later) == whole
    # The loader that was left goes on as well, without what its workers had prepared.
    again = iter(loader)
    assert seen([next(again)]) == whole[4:5]
    del again


@forks
def test_a_state_is_loaded_into_a_loader_of_another_shape(images):
    first = Stream(images, seed=2).loader(16, rank=1, world_size=2, num_workers=1, steps=2)
    for _ in first:
        pass
    second = Stream(images, seed=2).loader(10, num_workers=2, steps=100)
    second.load_state_dict(first.state_dict())
    batch = next(iter(second))
    assert sorted(batch["__position__"].tolist()) == list(range(32, 42))
    assert second.state_dict()["changes"] == [[0, 0, 16, [1000]], [2, 32, 10, [1000]]]


def test_columns_are_tensors_of_their_types(images, words):
    batch = next(iter(Stream(images).loader(4)))
    assert batch["npy"].shape == (4, 2, 3)
    assert batch["npy"].dtype == torch.uint8
    assert batch["cls"].dtype == batch["__id__"].dtype == torch.int64
    assert isinstance(batch["txt"], list)
    ends = next(iter(Stream(words, window=8).loader(2)))["ends"]
    assert ends.data.dtype == ends.offsets.dtype == torch.int64
    assert ends.offsets.shape == (3,)


@pytest.mark.parametrize("workers", WORKERS)
def test_tokens_go_straight_into_a_network_and_its_loss(words, workers):
    stream = Stream(words, window=8)
    tokens = next(iter(stream.loader(2, **workers)))["tokens"]
    assert tokens.dtype == torch.int64
    scores = torch.nn.Embedding(5000, 5000)(tokens[:, :-1])
    assert torch.isfinite(torch.nn.functional.cross_entropy(scores.flatten(0, 1), tokens[:, 1:].flatten()))
    stored = next(iter(stream.batches(2)))["tokens"]
    assert stored.dtype == np.uint16
    assert tokens.tolist() == stored.tolist()


@pytest.mark.parametrize("dtype", [np.uint16, ">u2", np.uint32])
def test_the_greatest_token_keeps_its_value(dtype):
    greatest = np.iinfo(dtype).max
    row = np.array([0, greatest], dtype)
    found = tensor_batch([{"tokens": row}, {"tokens": row}], frozenset(), tensors)["tokens"]
    assert found.dtype == torch.int64
    assert found.tolist() == [[0, greatest]] * 2


@forks
@pytest.mark.parametrize("workers", [0, 1])
def test_tensors_made_by_a_transform_are_stacked(images, transforms, workers):
    batch = next(iter(Stream(images, transform=transforms.to_tensor).loader(4, num_workers=workers)))
    assert isinstance(batch["picture"], torch.Tensor)
    assert batch["picture"].shape == (4, 2, 3)
    assert not batch["picture"].is_shared()  # it is small


@pytest.mark.parametrize("workers", [*WORKERS[1:], SPAWNED])
def test_large_columns_arrive_whole_whoever_keeps_them(images, transforms, workers):
    kept = list(Stream(images, transform=transforms.large).loader(4, steps=20, **workers))
    for batch in kept:
        assert batch["large"].tolist() == [[number] * 50_000 for number in batch["id"].tolist()]


@forks
def test_bytes_come_packed(images):
    stream = Stream(images, codecs={}, fields=["txt"])
    expected = [sample["txt"] for sample in stream.read(np.arange(8))]
    for workers in (0, 1):
        found = next(iter(stream.loader(8, num_workers=workers)))
        text = dict(zip(found["__position__"].tolist(), range(8), strict=True))
        assert found["txt"].data.dtype == torch.uint8
        assert [bytes(found["txt"].value(text[position])) for position in range(8)] == expected


@forks
@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_in_a_worker_arrives_as_itself(images, transforms, workers):
    with pytest.raises(InputError) as caught:
        next(iter(Stream(images, transform=transforms.broken).loader(4, num_workers=workers)))
    assert str(caught.value) == "the sample is damaged. Found: holes. Mend it."


def test_an_error_of_the_collation_arrives_as_itself(images):
    def nothing(samples):
        raise UsageError("no batch today")

    with pytest.raises(UsageError, match="no batch today"):
        next(iter(Stream(images).loader(4, collate=nothing)))


def test_a_collation_of_ones_own(images):
    loader = Stream(images).loader(4, collate=lambda samples: [sample["__id__"] for sample in samples])
    assert len(next(iter(loader))) == 4


def test_lengths(images):
    stream = Stream(images)
    loader = stream.loader(20, epochs=2)
    assert len(loader) == len(stream.batches(20, epochs=2)) == 8
    next(iter(loader))
    assert (loader.step, len(loader)) == (1, 8)
    with pytest.raises(TypeError, match="endless"):
        len(stream.loader(20))


def test_starting_workers_draws_nothing_from_the_global_generator(images):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    next(iter(Stream(images).loader(4)))
    assert torch.equal(torch.rand(3), expected)


def test_the_stream_needs_no_torch_until_a_loader_is_asked_for():
    program = "import sys, headrace.shards.stream; assert 'torch' not in sys.modules; assert 'PIL' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
