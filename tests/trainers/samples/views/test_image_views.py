"""Views of a batch: those of its samples one by one, in their slots, whoever asks; bad pictures are replaced."""

import io
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from headrace.shards import CorruptSampleError, DamagedRowsError, Manifest, Stream
from headrace.shards.base.errors import UsageError
from headrace.shards.base.generators import Generators
from headrace.shards.base.images.formats import read_header
from headrace.shards.base.rng import generator
from headrace.shards.format.writer import ShardWriter
from headrace.trainers.samples.masks.random import random_patches
from headrace.trainers.samples.views.choice import preset
from headrace.trainers.samples.views.decode import decode
from headrace.trainers.samples.views.image_views import ImageViews
from headrace.trainers.samples.views.own.base import OwnView
from headrace.trainers.samples.views.planner import plan
from headrace.trainers.samples.views.render import Renderer

forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
said = pytest.mark.filterwarnings("ignore::headrace.shards.stream.delivery.budget.DamagedSampleWarning")
SMALL = {"preset": "dino", "global_1": {"size": 32}, "global_2": {"size": 32}, "local": {"size": 16, "count": 3}}


def encoded(pixels, kind="JPEG"):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


def picture(number, kind="JPEG"):
    rng = np.random.default_rng(number)
    height, width = rng.integers(40, 200, 2)
    coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    return encoded(np.asarray(coarse.resize((int(width), int(height)))), kind)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Forty pictures of several sizes in two shards, JPEG and PNG; numbers 7 and 31 are no pictures any more."""
    folder = tmp_path_factory.mktemp("photos")
    shards = []
    for shard, kind in enumerate(("JPEG", "PNG")):
        with ShardWriter(folder, f"{shard}.tar") as writer:
            for row in range(20):
                number = 20 * shard + row
                data = picture(number, kind)
                data = {7: data[: len(data) // 2], 31: b"GIF89a and so on"}.get(number, data)
                writer.add(f"{number:02d}", {{"JPEG": "jpg", "PNG": "png"}[kind]: data, "cls": b"%d" % number})
        shards.append(writer.info)
    Manifest(kind="samples", name="photos", shards=tuple(shards)).save(folder)
    return str(folder)


def rngs(count, seed=0):
    return Generators.of([("test", seed, row) for row in range(count)])


def samples(count, kind="JPEG"):
    field = {"JPEG": "jpg", "PNG": "png"}[kind]
    return [{"__key__": str(row), field: picture(row, kind)} for row in range(count)]


def by_hand(data, views, rng, channels=3):
    """The views of one picture, by the parts."""
    header = read_header(data)
    drawn = plan(views, *header.upright_size, rng)
    sizes = np.concatenate([[view.size] * view.count for view in views])
    decoded, first, made = decode(data, header, drawn["box"], sizes, channels), 0, {}
    for view in views:
        part = slice(first, first := first + view.count)
        made[view.name] = np.empty((view.count, channels, view.size, view.size), np.uint8)
        Renderer(view.size, view.interpolation)(decoded.pixels, decoded.boxes[part], drawn[part], made[view.name])
    return made


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("views", ["simclr_cifar", SMALL], ids=["one kind", "three kinds"])
def test_each_row_is_what_the_parts_make_of_its_picture(views, channels):
    transform = ImageViews(views, channels=channels)
    batch = transform(samples(6), rngs(6), np.empty)
    for row, sample in enumerate(samples(6)):
        expected = by_hand(sample["jpg"], transform.views, generator("test", 0, row), channels)
        assert batch.keys() == expected.keys()
        for name, column in batch.items():
            assert np.array_equal(column[row], expected[name])


@said
@forks
@pytest.mark.parametrize("workers", [{"num_workers": 0}, {"num_workers": 2}])
def test_views_do_not_depend_on_workers_ranks_batches_or_resume(photos, workers):
    def stream():
        return Stream(photos, seed=5, lanes=2, block=20, tolerated=1.0, transform=ImageViews(SMALL))

    def by_position(batches):
        found = {}
        for batch in batches:
            for row, position in enumerate(np.asarray(batch["__position__"]).tolist()):
                parts = (np.asarray(batch[name])[row] for name in ("global_1", "global_2", "local"))
                found[position] = (int(batch["__id__"][row]), *(part.tobytes() for part in parts))
        return found

    expected = by_position(stream().batches(16, steps=6))
    assert len(expected) == 96
    ranks = [stream().loader(8, rank=rank, world_size=2, steps=12, **workers) for rank in range(2)]
    assert {**by_position(ranks[0]), **by_position(ranks[1])} == expected
    first = stream().loader(12, steps=4, **workers)
    found = by_position(first)
    found |= by_position(stream().loader(16, steps=7, start=first.state_dict(), **workers))
    assert found == expected


@said
def test_pictures_that_cannot_be_used_are_replaced_and_the_rest_stays(photos):
    stream = Stream(photos, lanes=2, block=20, tolerated=1.0, transform=ImageViews("simclr_cifar"))
    batches = stream.batches(40, steps=1)
    (batch,) = batches
    assert {each.bad for each in batches.replaced} == {7, 31}
    reasons = " ".join(each.reason for each in batches.replaced)
    assert "damaged JPEG" in reasons
    assert "no JPEG, PNG or WebP begins with b'GIF89a" in reasons
    assert not {7, 31} & set(batch["__id__"].tolist())
    assert batch["cls"].tolist() == batch["__id__"].tolist()
    assert "jpg" not in batch
    assert "png" not in batch


def test_all_that_is_refused_is_named_at_once():
    some = samples(6)
    some[1]["jpg"], some[4]["jpg"] = some[1]["jpg"][:700], some[4]["jpg"][:700]
    with pytest.raises(DamagedRowsError, match="the picture of the sample '1' cannot be used") as caught:
        ImageViews("simclr_cifar")(some, rngs(6), np.empty)
    assert caught.value.rows.keys() == {1, 4}


def test_a_sample_without_a_picture_is_refused():
    some = [*samples(2), {"__key__": "a", "gif": b"GIF89a"}]
    with pytest.raises(
        DamagedRowsError, match=r"holds no picture.*Found: the fields gif.*Expected: one of jpg"
    ) as caught:
        ImageViews("simclr_cifar")(some, rngs(3), np.empty)
    assert caught.value.rows.keys() == {2}


@dataclass(frozen=True, kw_only=True)
class Noisy(OwnView):
    name: str = "noisy"
    count: int = 2

    def __call__(self, pixels, rng):
        return rng.integers(0, pixels.mean() + 1, (3, 4, 4)).astype(np.float32)


def mask(sample, rng):
    visible, hidden = random_patches(16, 0.75, rng)
    return {"visible": visible, "hidden": hidden}


def test_views_of_ones_own_and_masks_come_beside_and_change_no_other():
    # Not of JPEGs, which are decoded at the least size that will do for all views.
    views, some = preset("simclr_cifar"), samples(5, "PNG")
    plain = ImageViews(views)(some, rngs(5), np.empty)
    more = ImageViews([*views, Noisy()], beside=mask)(some, rngs(5), np.empty)
    other = ImageViews([*views, Noisy()])(some, rngs(5), np.empty)
    assert np.array_equal(more["view"], plain["view"])
    assert np.array_equal(more["noisy"], other["noisy"])
    assert more["noisy"].shape == (5, 2, 3, 4, 4)
    assert more["noisy"].dtype == np.float32
    assert len(np.unique(more["noisy"].reshape(10, -1), axis=0)) == 10
    assert more["visible"].shape == (5, 4)
    assert len(np.unique(more["visible"], axis=0)) > 1


def test_it_travels_to_other_processes():
    transform = pickle.loads(pickle.dumps(ImageViews([*preset("simclr_cifar"), Noisy()], beside=mask)))
    batch = transform(samples(2), rngs(2), np.empty)
    assert batch.keys() == {"view", "noisy", "visible", "hidden"}


def test_views_that_are_none_are_told():
    with pytest.raises(UsageError, match="Did you mean 'simclr'"):
        ImageViews("simlcr")
    with pytest.raises(UsageError, match=r"no view has a parameter 'sise'\. Did you mean 'size'"):
        ImageViews({"preset": "simclr", "sise": 3})


class Broken(Noisy):
    def __call__(self, pixels, rng):
        return np.zeros(3) + np.zeros(4)


class Choosy(Noisy):
    def __call__(self, pixels, rng):
        if pixels.shape[1] > 100:
            raise CorruptSampleError("too wide")
        return super().__call__(pixels, rng)


class Painting(Noisy):
    def __call__(self, pixels, rng):
        pixels[:] = 0
        return pixels


def test_a_mistake_in_a_view_of_ones_own_is_no_damage_but_a_refusal_is():
    with pytest.raises(ValueError, match="broadcast"):
        ImageViews([Broken()])(samples(3), rngs(3), np.empty)
    with pytest.raises(ValueError, match="broadcast"):
        ImageViews("simclr_cifar", beside=lambda sample, rng: np.zeros(3) + np.zeros(4))(samples(3), rngs(3), np.empty)
    with pytest.raises(ValueError, match="read-only"):
        ImageViews([*preset("simclr_cifar"), Painting()])(samples(3), rngs(3), np.empty)
    wide = {row for row, sample in enumerate(samples(9)) if read_header(sample["jpg"]).width > 100}
    with pytest.raises(DamagedRowsError, match="too wide") as caught:
        ImageViews([Choosy()])(samples(9), rngs(9), np.empty)
    assert caught.value.rows.keys() == wide


def test_no_column_takes_the_place_of_another(photos):
    with pytest.raises(UsageError, match="two underscores"):
        ImageViews({"preset": "simclr_cifar", "name": "__id__"})
    with pytest.raises(UsageError, match="'view', as one of them is"):
        ImageViews("simclr_cifar", beside=lambda sample, rng: {"view": np.zeros(2)})(samples(2), rngs(2), np.empty)
    stream = Stream(photos, transform=ImageViews({"preset": "simclr_cifar", "name": "cls"}))
    with pytest.raises(UsageError, match="called 'cls', as a field"):
        next(iter(stream.batches(4)))


def test_channels_and_fields_that_are_none():
    for wrong in ({"channels": 2}, {"fields": "jpg"}):
        with pytest.raises(UsageError, match="no fields, or no channels"):
            ImageViews("mae", **wrong)


@said
def test_a_set_smaller_than_its_lanes_replaces_too(tmp_path):
    with ShardWriter(tmp_path, "0.tar") as writer:
        for row in range(20):
            writer.add(f"{row:02d}", {"png": b"<html>" if row == 7 else picture(row, "PNG")})
    Manifest(kind="samples", name="few", shards=(writer.info,)).save(tmp_path)
    batches = Stream(str(tmp_path), tolerated=1.0, transform=ImageViews("simclr_cifar")).batches(20, steps=3)
    assert len(list(batches)) == 3
    assert {each.bad for each in batches.replaced} == {7}
    assert len(batches.replaced) == 3
