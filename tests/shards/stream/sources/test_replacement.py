"""Damaged samples are replaced within their block; everything else stays where it was, whoever reads it."""

import shutil
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.shards.base.errors import CorruptSampleError, ShardError, StreamError
from headrace.shards.format.index import Index, index_name
from headrace.shards.stream import Stream
from headrace.shards.stream.delivery.budget import DamagedSampleWarning
from headrace.shards.stream.order.places import Places
from headrace.shards.stream.sources.codecs import CODECS
from headrace.shards.stream.sources.columns import Columns
from headrace.shards.stream.sources.replacement import ATTEMPTS, read_sound

N = 74
SETTINGS = {"seed": 3, "lanes": 4, "block": 9, "tolerated": 1.0}
WIDE = {"seed": 3, "lanes": 1, "block": 74, "tolerated": 1.0}
forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
said = pytest.mark.filterwarnings("ignore::headrace.shards.stream.delivery.budget.DamagedSampleWarning")


def places(count):
    """Places whose ids are 100 more than their positions."""
    positions = np.arange(count)
    return Places(*(positions for _ in range(5)), positions + 100)


def reads(bad, tried):
    def read(some):
        tried.append(some.id.tolist())
        if bad & set(some.id.tolist()):
            raise CorruptSampleError("damaged", found=f"{sorted(bad & set(some.id.tolist()))}")
        return Columns(len(some), {"__id__": some.id})

    return read


def instead(position, attempts):
    """The ids from 1000 + 100 * position on."""
    ids = 1000 + 100 * position + np.arange(attempts)
    return Places(np.full(attempts, position), *(ids for _ in range(5)))


@settings(max_examples=60)
@given(st.integers(1, 40), st.sets(st.integers(100, 139)), st.integers(0, ATTEMPTS - 1))
def test_just_the_damaged_ones_are_replaced_by_the_first_that_is_sound(count, bad, worse):
    bad = {number for number in bad if number < 100 + count}
    lost = {1000 + 100 * (number - 100) + more for number in bad for more in range(worse)}
    found, really, replaced = read_sound(reads(bad | lost, []), places(count), instead)
    used = {number: 1000 + 100 * (number - 100) + worse for number in bad}
    assert found.fields["__id__"].tolist() == [used.get(n, n) for n in range(100, 100 + count)]
    assert really.id.tolist() == found.fields["__id__"].tolist()
    assert really.position.tolist() == list(range(count))
    assert [each[:3] for each in replaced] == [(number - 100, number, used[number]) for number in sorted(bad)]


def test_a_damaged_one_costs_few_reads():
    tried = []
    read_sound(reads({150}, tried), places(256), instead)
    assert len(tried) <= 2 * 8 + 3


def test_it_ends_when_nothing_is_sound():
    bad = {103, *(1300 + more for more in range(ATTEMPTS))}
    with pytest.raises(CorruptSampleError, match=r"damaged, and nothing .* sound. Found: 16 more damaged samples"):
        read_sound(reads(bad, []), places(8), instead)


def copied(images, folder):
    return shutil.copytree(images, folder / "damaged")


def damage(folder, shard, row):
    """Turn the bits of one byte of a sample."""
    name = f"{shard:05d}.tar"
    index = Index.load((folder / index_name(name)).read_bytes(), name)
    with (folder / name).open("r+b") as file:
        file.seek(int(index.offsets[row].max()))
        (byte,) = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte ^ 0xFF]))


def ids(batches):
    return [np.asarray(batch["__id__"]).tolist() for batch in batches]


@pytest.fixture
def damaged(images, tmp_path):
    """The shards, three samples of which are damaged; their ids are 22, 23 and 60."""
    folder = copied(images, tmp_path)
    for shard, row in ((3, 0), (4, 0), (5, 7)):
        damage(folder, shard, row)
    return str(folder)


BAD = {22, 23, 60}


@said
def test_every_other_position_holds_what_it_would_hold(images, damaged):
    sound = ids(Stream(images, **SETTINGS).batches(20, steps=11))
    batches = Stream(damaged, **SETTINGS).batches(20, steps=11)
    found = ids(batches)
    order = Stream(images, **SETTINGS).order
    replaced = iter(batches.replaced)
    for expected, got in zip(np.ravel(sound), np.ravel(found), strict=True):
        if expected in BAD:
            each = next(replaced)
            assert (each.bad, each.used) == (expected, got)
            assert got in order.instead(each.position, ATTEMPTS).id
        else:
            assert got == expected
    assert next(replaced, None) is None
    assert len(batches.replaced) == 9
    assert "row 7 of 00005.tar is damaged" in {each.reason.partition(":")[0] for each in batches.replaced}


@forks
@said
@pytest.mark.parametrize(
    "workers",
    [
        {},
        {"num_workers": 2},
        pytest.param({"num_workers": 1, "multiprocessing_context": "spawn"}, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("codecs", [CODECS, {}], ids=["decoded", "read ahead"])
def test_what_is_replaced_by_what_depends_on_no_rank_and_no_worker(damaged, workers, codecs):
    settings = {**SETTINGS, "codecs": codecs}
    whole = Stream(damaged, **settings).batches(20, steps=4)
    expected = ids(whole)
    loaders = [Stream(damaged, **settings).loader(20, rank=rank, world_size=3, steps=4, **workers) for rank in range(3)]
    shares = [ids(loader) for loader in loaders]
    assert [[number for share in shares for number in share[step]] for step in range(4)] == expected
    assert sorted(each for loader in loaders for each in loader.replaced) == sorted(whole.replaced)
    assert sum(loader.digest for loader in loaders) % 2**64 == whole.digest


@said
def test_a_replacement_is_transformed_as_where_it_belongs(damaged):
    stream = Stream(damaged, **SETTINGS, transform=lambda sample, rng: {**sample, "drawn": rng.random()})
    rows = {
        position: (int(number), drawn)
        for batch in stream.batches(20, steps=4)
        for position, number, drawn in zip(*(batch[name] for name in ("__position__", "__id__", "drawn")), strict=True)
    }
    assert sorted(rows) == list(range(80))
    order = Stream(damaged, **SETTINGS).order
    for position, number in enumerate(order.locate(np.arange(N)).id.tolist()):
        if number in BAD:
            used, drawn = rows[position]
            own = [each for place, each in rows.items() if each[0] == used and place != position and place < N]
            assert own == [(used, drawn)]


def test_the_first_is_a_warning_and_too_many_are_an_error_before_their_batch(damaged):
    batches = Stream(damaged, **{**SETTINGS, "tolerated": 0.001}).batches(N)
    walk = iter(batches)
    with pytest.warns(DamagedSampleWarning, match=r"damaged: .* is read instead of the sample"):
        next(walk)
    next(walk)  # without another warning, which would be an error
    with pytest.raises(StreamError, match=r"Found: 9 damaged samples among 222, at last: row .*at most 8 or a share"):
        next(walk)
    assert batches.state_dict()["position"] == 2 * N
    assert len(batches.replaced) == 6


@forks
@pytest.mark.parametrize("workers", [0, 1])
def test_none_may_be_tolerated(damaged, workers):
    loader = Stream(damaged, **{**SETTINGS, "tolerated": 0}).loader(N, num_workers=workers)
    with pytest.raises(StreamError, match="Expected: none"):
        next(iter(loader))
    assert loader.state_dict()["position"] == 0


@said
def test_samples_that_do_not_decode_are_replaced(images):
    def decode(data):
        if data == b"text 3":
            raise ValueError("three")
        return data

    batches = Stream(images, **SETTINGS, codecs={**CODECS, "txt": decode}).batches(N, steps=1)
    (batch,) = batches
    assert b"text 3" not in [bytes(batch["txt"].value(row)) for row in range(N)]
    assert len(batches.replaced) == 5
    assert "ValueError: three" in batches.replaced[0].reason


@pytest.mark.parametrize("error", [MemoryError, ModuleNotFoundError])
def test_the_machines_own_faults_are_no_damage(images, error):
    def decode(data):
        raise error("not here")

    with pytest.raises(error):
        next(iter(Stream(images, codecs={"txt": decode}).batches(4)))


def test_what_a_transform_raises_is_raised(images):
    def transform(sample, rng):
        raise CorruptSampleError("mine")

    with pytest.raises(CorruptSampleError, match=r"^mine"):
        next(iter(Stream(images, **SETTINGS, transform=transform).batches(4)))


@said
def test_a_shard_that_is_cut_off_loses_what_is_gone_and_nothing_else(images, tmp_path):
    folder = copied(images, tmp_path)
    shard = folder / "00004.tar"
    with shard.open("r+b") as file:
        file.truncate(shard.stat().st_size // 2)
    batches = Stream(str(folder), **WIDE).batches(N, steps=1)
    (found,) = ids(batches)
    bad = {each.bad for each in batches.replaced}
    assert bad
    assert bad <= set(range(23, 53))
    assert set(range(N)) - set(found) == bad
    assert "cut off" in batches.replaced[0].reason


@said
def test_windows_of_a_shard_that_is_cut_off_are_replaced(words, tmp_path):
    folder = copied(words, tmp_path)
    with (folder / "00002.tar").open("r+b") as file:
        file.truncate(int(Index.load((folder / index_name("00002.tar")).read_bytes(), "").offsets[2].max()))
    settings = {**WIDE, "window": 4}
    sound = Stream(words, **settings)
    batches = Stream(str(folder), **settings).batches(sound.samples, steps=1)
    (found,) = ids(batches)
    bad = {each.bad for each in batches.replaced}
    assert bad
    assert set(range(sound.samples)) - set(found) == bad
    assert all("cut off" in each.reason for each in batches.replaced)


@said
def test_a_shard_that_shrinks_while_it_is_read(images, tmp_path):
    folder = copied(images, tmp_path)
    batches = Stream(str(folder), **WIDE).batches(N)
    walk = iter(batches)
    next(walk)
    with (folder / "00004.tar").open("r+b") as file:
        file.truncate(5000)
    assert not batches.replaced
    next(walk)
    assert {each.bad for each in batches.replaced} <= set(range(23, 53))
    assert len(batches.replaced) > 20


@forks
@pytest.mark.parametrize("workers", [0, 1])
def test_a_shard_that_vanishes_stops_the_run_which_goes_on_when_it_is_back(images, tmp_path, workers):
    folder = copied(images, tmp_path)
    (folder / "00004.tar").rename(tmp_path / "away")
    stream = Stream(str(folder), **SETTINGS)
    loader = stream.loader(8, num_workers=workers)
    found = []
    with pytest.raises(ShardError, match=r"there is no .*00004.tar"):
        found += (ids([batch])[0] for batch in loader)
    assert loader.state_dict()["position"] == 8 * len(found)
    (tmp_path / "away").rename(folder / "00004.tar")
    later = Stream(str(folder), **SETTINGS).loader(8, start=loader.state_dict(), steps=30)
    assert found + ids(later) == ids(Stream(images, **SETTINGS).batches(8, steps=30))


def test_in_one_pass_a_damaged_sample_is_masked(damaged):
    for ranks in (1, 3):
        passes = [Stream(damaged, **SETTINGS).one_pass(20, rank=rank, world_size=ranks) for rank in range(ranks)]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            batches = [batch for each in passes for batch in each]
        assert len(caught) <= ranks
        real = [number for batch, mask in batches for number in batch["__id__"][mask].tolist()]
        assert sorted(real) == sorted(set(range(N)) - BAD)
        assert {each.bad for one in passes for each in one.replaced} == BAD
