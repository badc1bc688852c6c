"""Streams of several sources, over real shards."""

import json
import warnings

import numpy as np
import pytest

from headrace.shards.base.errors import RecipeError, StateError, UsageError
from headrace.shards.base.rng import generator
from headrace.shards.format.manifest import Manifest
from headrace.shards.format.writer import ShardWriter
from headrace.shards.stream import Stream
from headrace.shards.stream.parts import Part

SIZES = {"web": [20, 0, 11], "code": [7, 13], "books": [9]}
SETTINGS = {"seed": 3, "lanes": 4, "block": 9}


def written(folder, name, sizes, fields, kinds):
    """A set of samples with a text for each field."""
    shards = []
    for shard, samples in enumerate(sizes):
        with ShardWriter(folder, f"{shard:05d}.tar") as writer:
            for row in range(samples):
                writer.add(f"{name}-{shard}-{row}", {field: f"{name} {shard} {row}".encode() for field in fields})
        shards.append(writer.info)
    Manifest(kind="samples", name=name, fields=kinds, shards=tuple(shards)).save(folder)
    return str(folder)


@pytest.fixture(scope="session")
def sets(tmp_path_factory):
    """Three small sets of samples by name, their URLs."""
    kinds = {"txt": "text/plain"}
    return {name: written(tmp_path_factory.mktemp(name), name, sizes, ["txt"], kinds) for name, sizes in SIZES.items()}


def mixture(sets, weights=(7, 2, 1), **settings):
    return Stream(dict(zip(sets.values(), weights, strict=True)), **{**SETTINGS, **settings})


def test_samples_say_which_source_they_are_from(sets):
    stream = mixture(sets)
    samples = stream.read(np.arange(4000))
    assert stream.samples == 60
    assert stream.names == ("web", "code", "books")
    counts = {name: sum(sample["__source__"] == name for sample in samples) for name in sets}
    assert counts == {"web": 2800, "code": 800, "books": 400}
    for sample in samples[:300]:
        assert sample["__key__"].startswith(sample["__source__"])
        assert sample["txt"].startswith(sample["__source__"])
        shard, row = map(int, sample["txt"].split()[1:])
        before = sum(sum(SIZES[name]) for name in list(sets)[: list(sets).index(sample["__source__"])])
        assert sample["__id__"] == before + sum(SIZES[sample["__source__"]][:shard]) + row


def test_one_pass_takes_source_after_source(sets):
    batches = list(mixture(sets).one_pass(16))
    keys = [key for batch, mask in batches for key, real in zip(batch["__key__"], mask, strict=True) if real]
    assert keys == [f"{n}-{s}-{r}" for n, sizes in SIZES.items() for s, size in enumerate(sizes) for r in range(size)]


def test_a_mixture_is_given_as_mapping_as_parts_or_as_file(sets, tmp_path):
    expected = mixture(sets)
    parts = [Part(url, weight) for url, weight in zip(sets.values(), (7, 2, 1), strict=True)]
    path = tmp_path / "mixture.yaml"
    (tmp_path / "web").symlink_to(sets["web"])
    path.write_text(
        f"sources:\n  web: {{url: web, weight: 0.7}}\n  code: {{url: {sets['code']}, weight: 0.2}}\n"
        f"  books: {{url: 'file://{sets['books']}', weight: 0.1}}\n"
    )
    for what in (parts, str(path)):
        found = Stream(what, **SETTINGS)
        assert found.fingerprint() == expected.fingerprint()
        assert found.order.counts == (700, 200, 100)
        assert np.array_equal(found.order.locate(np.arange(500)).id, expected.order.locate(np.arange(500)).id)


def test_the_order_depends_on_names_and_not_on_places(sets):
    ids = mixture(sets).order.locate(np.arange(100)).id.tolist()
    named = [Part(url, 1, name) for url, name in zip(sets.values(), "abc", strict=True)]
    same = [Part(url, weight, name) for (name, url), weight in zip(sets.items(), (7, 2, 1), strict=True)]
    assert Stream(same, **SETTINGS).order.locate(np.arange(100)).id.tolist() == ids
    assert Stream(named, **SETTINGS).order.locate(np.arange(100)).id.tolist() != ids


def test_a_transform_draws_from_seed_source_epoch_and_sample(sets):
    (sample,) = mixture(sets, transform=lambda sample, rng: {**sample, "drawn": rng.random()}).read(np.array([77]))
    rng = generator("headrace.transform", 3, sample["__source__"], sample["__epoch__"], sample["__id__"])
    assert sample["drawn"] == rng.random()


def test_the_state_of_a_mixture_names_its_sources(sets):
    state = mixture(sets).batches(8).state_dict()
    assert state["changes"] == [[0, 0, 8, [700, 200, 100]]]
    assert state["fingerprint"]["sources"] == "web, code, books"
    assert len(json.dumps(state)) < 700
    for other in ({"seed": 4}, {"block": None}):
        with pytest.raises(StateError, match=f"{next(iter(other))} changed"):
            mixture(sets, **other).batches(8, start=state)
    with pytest.raises(StateError, match="sources, manifest of books changed"):
        Stream({sets["web"]: 1, sets["code"]: 1}, **SETTINGS).batches(8, start=state)


def test_a_changed_manifest_of_a_source_is_named(sets, tmp_path):
    state = mixture(sets).batches(8).state_dict()
    other = written(tmp_path, "code", [7, 14], ["txt"], {"txt": "text/plain"})
    with pytest.raises(StateError, match="another stream: manifest of code changed"):
        mixture({**sets, "code": other}).batches(8, start=state)


def test_fields_must_be_alike_unless_a_transform_makes_them_so(sets, tmp_path):
    pictures = written(tmp_path, "pictures", [5], ["txt", "json"], {"txt": "text/plain", "json": "application/json"})
    both = {sets["web"]: 1, pictures: 1}
    with pytest.raises(UsageError, match=r"different fields: 'web' and 'pictures'.*json \(application/json\)"):
        Stream(both)
    assert set(Stream(both, fields=["txt"], lanes=1).read(np.arange(9))[0]) >= {"txt", "__source__"}
    Stream(both, transform=lambda sample, rng: {"key": sample["__key__"]})
    with pytest.raises(UsageError, match="'web' has none of the fields"):
        Stream(both, fields=["json"])


def test_sources_of_other_kinds_or_names_are_refused(sets, words, tmp_path):
    with pytest.raises(UsageError, match="hold different things: 'web' and 'words'"):
        Stream({sets["web"]: 1, words: 1}, window=4)
    with pytest.raises(UsageError, match="two sources of the mixture are named 'web'"):
        Stream([Part(sets["web"]), Part(sets["web"])])
    manifest = Manifest.load(words)
    other = manifest.tokenizer.model_copy(update={"vocabulary": 6000})
    manifest.model_copy(update={"name": "others", "tokenizer": other}).save(tmp_path)
    with pytest.raises(UsageError, match="different tokenizers"):
        Stream({words: 1, str(tmp_path): 1}, window=4)
    for nothing in ({}, []):
        with pytest.raises(UsageError, match="no source"):
            Stream(nothing)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sources: {}", "sources"),
        ("sources:\n  web: {url: a, weight: 0}", "line 2, 'sources.web.weight'"),
        ("sources:\n  web: {url: a}", "weight"),
        ("sources:\n  web: {ulr: a, weight: 1}", "url"),
    ],
)
def test_a_wrong_mixture_file_is_refused_with_its_line(tmp_path, text, told):
    path = tmp_path / "mixture.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=told):
        Stream(str(path))


def test_weights_that_rounding_distorts_are_warned_of(sets):
    with pytest.warns(UserWarning, match="'books' has a share of 0.3 in 1,000"):
        mixture(sets, weights=(9000, 997, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mixture(sets)
