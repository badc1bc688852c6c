"""Worker and rank never enter a random key: the keys of a run are the same, whoever makes them, and wherever."""

import ast
import json
import re
from pathlib import Path

import pytest

import headrace.shards
import headrace.trainers
from headrace.shards.base import generators, rng
from headrace.shards.stream import Stream
from headrace.shards.stream.parts import Part

STEPS, BATCH = 6, 24
PACKAGES = (headrace.shards, headrace.trainers)
MAKERS = {"key", "_key", "generator", "Generators.of", "hash64", "device_seed"}
FORBIDDEN = re.compile(r"rank|worker|world|process|pid|node|host|time|clock|now|perf_counter|urandom|thread", re.I)


def drawn(sample, generator):
    return {"id": sample["__id__"], "drawn": generator.random(), "other": sample["__second__"]["__id__"]}


@pytest.fixture
def keys(tmp_path, monkeypatch):
    """Says of what all random keys were made, by any process, since it was asked last."""
    path = tmp_path / "keys"
    absorbed, digests = rng._absorbed, rng.digests

    def note(parts):
        with path.open("a") as file:  # one write, at the end of the file, whoever does it
            file.write(json.dumps([*map(str, parts)]) + "\n")

    def noting(parts, size):
        note([*parts, size])
        return absorbed(parts, size)

    def noting_each(parts):
        parts = list(parts)
        for each in parts:
            note(each)
        return digests(parts)

    monkeypatch.setattr(rng, "_absorbed", noting)
    monkeypatch.setattr(generators, "digests", noting_each)

    def taken():
        found = set(path.read_text().splitlines())
        path.unlink()
        return found

    return taken


def single(images):
    return Stream(images, seed=5, lanes=4, second=True, transform=drawn)


def mixture(images):
    return Stream([Part(images, 7, "a"), Part(images, 3, "b")], seed=5, lanes=4, second=True, transform=drawn)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("opened", [single, mixture])
def test_keys_are_the_same_for_any_ranks_and_workers(images, keys, opened):
    whole = run(opened(images), ranks=1, workers=0)
    expected = keys()
    # All that is random was met: the order, second samples, transforms, and mixing where there is any.
    parts = {part for line in expected for part in json.loads(line)[:3]}
    assert parts >= {"sequence", "pieces", "blocks", "second", "headrace.transform"}
    assert ("mixture" in parts) == (opened is mixture)
    for ranks, workers in ((3, 0), (1, 2), (2, 1)):
        assert run(opened(images), ranks, workers) == whole
        assert keys() == expected


def run(stream, ranks, workers):
    """The rows of all global batches."""
    rows = [[] for _ in range(STEPS)]
    for rank in range(ranks):
        loader = stream.loader(BATCH, rank=rank, world_size=ranks, steps=STEPS, num_workers=workers)
        for step, batch in enumerate(loader):
            rows[step] += zip(*(batch[name].tolist() for name in ("id", "drawn", "other")), strict=True)
    return rows


def calls():
    """Every call in which a random key is made, in the packages that stream and train: file, line and arguments."""
    for package in PACKAGES:
        for path in sorted(path for root in package.__path__ for path in Path(root).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and name_of(node.func) in MAKERS:
                    yield f"{path}:{node.lineno}", [*node.args, *(each.value for each in node.keywords)]


def name_of(function):
    named = ast.unparse(function)
    return named if named in MAKERS else named.rpartition(".")[2]


def test_no_call_that_makes_a_key_mentions_who_makes_it():
    found = list(calls())
    assert len(found) > 20
    for place, arguments in found:
        for argument in arguments:
            for node in ast.walk(argument):
                name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
                assert not FORBIDDEN.search(name), f"{place}: {ast.unparse(argument)}"


@pytest.mark.parametrize("text", ["key('x', rank)", "generator('x', os.getpid())", "hash64(x, time.time_ns())"])
def test_such_a_call_would_be_found(text):
    arguments = ast.parse(text).body[0].value.args
    names = {getattr(node, "attr", getattr(node, "id", "")) for each in arguments for node in ast.walk(each)}
    assert any(FORBIDDEN.search(name) for name in names)
