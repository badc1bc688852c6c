"""Inputs: which files a recipe names, under which names, cut into which splits."""

import gzip
import os
import re

import fsspec
import numpy as np
import pytest
import yaml

from headrace.pipeline.inputs import find_inputs, split_inputs
from headrace.pipeline.recipe import load_recipe
from headrace.pipeline.records import POSITION_BITS
from headrace.shards.base.errors import InputError, RecipeError

LINE = '{"text": "a line of text"}\n'


@pytest.fixture
def find(tmp_path):
    """Finds the inputs of a recipe in `tmp_path`."""

    def find(*inputs, name="crawl"):
        recipe = tmp_path / f"{name}.yaml"
        recipe.write_text(yaml.safe_dump({"inputs": list(inputs)}))
        return find_inputs(load_recipe(recipe))

    return find


@pytest.fixture
def files(tmp_path):
    for name in ("b.jsonl", "a.jsonl", "deep/c.jsonl", "deep/er/d.jsonl.gz", "data[1]/e.jsonl"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(LINE.encode()) if name.endswith("gz") else LINE.encode() * 10)
    return tmp_path / "in"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("in/a.jsonl", ["crawl/a.jsonl"]),
        ("in/*.jsonl", ["crawl/a.jsonl", "crawl/b.jsonl"]),
        ("in/**/*.jsonl*", ["a.jsonl", "b.jsonl", "data[1]/e.jsonl", "deep/c.jsonl", "deep/er/d.jsonl.gz"]),
        ("in/deep", ["crawl/c.jsonl", "crawl/er/d.jsonl.gz"]),
        ("in/deep/", ["crawl/c.jsonl", "crawl/er/d.jsonl.gz"]),
        ("in/[ab].jsonl", ["crawl/a.jsonl", "crawl/b.jsonl"]),
        ("in/data[1]", ["crawl/e.jsonl"]),
        ("in/data[1]/e.jsonl", ["crawl/e.jsonl"]),
    ],
)
def test_a_path_is_a_file_a_folder_or_a_pattern(find, files, path, names):
    found = find({"path": path})
    assert [file.name.removeprefix("crawl/") for file in found] == [name.removeprefix("crawl/") for name in names]
    assert [file.ordinal for file in found] == list(range(len(found)))
    assert all(file.source == "crawl" for file in found)


def test_inputs_are_sorted_by_name_whatever_their_order_in_the_recipe(find, files):
    entries = [{"path": "in/b.jsonl", "source": "one"}, {"path": "in/a.jsonl", "source": "two"}]
    assert [file.name for file in find(*entries)] == ["one/b.jsonl", "two/a.jsonl"]
    assert find(*entries) == find(*reversed(entries))


def test_a_folder_of_links_is_as_large_as_what_they_lead_to(find, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "elsewhere").write_bytes(b"a picture")
    (tmp_path / "photos/one.png").symlink_to("../elsewhere")
    (tmp_path / "photos/gone.png").symlink_to("nowhere")
    (found,) = find({"path": "photos", "reader": "image_folder"})
    assert found.size == len(b"a picture")


def test_a_folder_without_a_picture_is_told(find, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/readme.md").write_text("They are elsewhere.")
    with pytest.raises(InputError, match=r"hold nothing that could be read.*photos.*`extensions` of image_folder"):
        split_inputs(find({"path": "photos", "reader": "image_folder"}), 10)


def test_links_to_files_and_folders_are_followed(find, files, tmp_path):
    (tmp_path / "links").mkdir()
    (tmp_path / "links/deep").symlink_to(files / "deep")
    (tmp_path / "links/a.jsonl").symlink_to(files / "a.jsonl")
    assert [file.name for file in find({"path": "links"})] == [
        "crawl/a.jsonl",
        "crawl/deep/c.jsonl",
        "crawl/deep/er/d.jsonl.gz",
    ]


def test_a_remote_file(find):
    with fsspec.open("memory://crawl/x.jsonl", "wb") as file:
        file.write(LINE.encode())
    (found,) = find({"path": "memory://crawl/*.jsonl"})
    assert (found.name, found.size) == ("crawl/x.jsonl", len(LINE))
    assert len(split_inputs([found], 10)) == 3


@pytest.mark.parametrize("path", ["missing.jsonl", "in/*.nothing", "in/deep/missing/", "in/*"])
def test_a_path_that_names_nothing(find, files, path):
    for name in ("a.jsonl", "b.jsonl"):
        (files / name).unlink()
    with pytest.raises(InputError, match=re.escape(f"the input '{path}' names no file")):
        find({"path": path})


@pytest.mark.parametrize("path", ["nowhere://x/y.jsonl", "http://localhost:9/x.jsonl"])
def test_a_url_that_cannot_be_looked_up(find, path):
    with pytest.raises(InputError, match=re.escape(path)):
        find({"path": path})


def test_two_inputs_of_one_name_would_share_ids(find, files):
    with pytest.raises(RecipeError, match=r"two inputs have the name crawl/a\.jsonl"):
        find({"path": "in/a.jsonl"}, {"path": "in/*.jsonl"})
    assert len(find({"path": "in/a.jsonl", "source": "x"}, {"path": "in/*.jsonl"})) == 3


def test_a_file_that_no_reader_takes(find, tmp_path):
    (tmp_path / "notes.docx").write_text("")
    with pytest.raises(RecipeError, match=r"no reader takes a file of this name.*jsonl"):
        find({"path": "notes.docx"})
    assert len(find({"path": "notes.docx", "reader": "jsonl"})) == 1


def test_what_tells_a_changed_file(find, files):
    before = [file.fingerprint() for file in find({"path": "in/*.jsonl"})]
    assert [file.fingerprint() for file in find({"path": "in/*.jsonl"})] == before
    os.utime(files / "a.jsonl", (1, 1))
    after = [file.fingerprint() for file in find({"path": "in/*.jsonl"})]
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True]


def test_identity_by_content_survives_a_touch(find, files):
    def fingerprints():
        return [file.fingerprint() for file in find({"path": "in/*.jsonl", "identity": "content"})]

    before = fingerprints()
    os.utime(files / "a.jsonl", (1, 1))
    assert fingerprints() == before
    (files / "a.jsonl").write_text(LINE * 9 + LINE.replace("line", "lane"))
    assert [a == b for a, b in zip(before, fingerprints(), strict=True)] == [False, True]


def test_an_input_that_was_moved_is_the_same_input(find, files):
    (before,) = find({"path": "in/a.jsonl", "identity": "content"})
    (files.parent / "moved").mkdir()
    (files / "a.jsonl").rename(files.parent / "moved/a.jsonl")
    (after,) = find({"path": "moved/a.jsonl", "identity": "content"})
    assert before.url != after.url
    assert before.fingerprint() == after.fingerprint()


def test_splits_ascend_with_the_numbers_of_their_records(find, files):
    found = find({"path": "in"})
    splits = split_inputs(found, 60)
    assert [split.index for split in splits] == list(range(len(splits)))
    assert len(splits) == 4 * 5 + 1
    firsts = [split.first for split in splits]
    assert firsts == sorted(firsts)
    for split in splits:
        reader = split.file.reader.load()
        with reader.open(split.file.url) as file:
            batches = list(reader.read(file, split.span))
        positions = [p for batch in batches for p in batch.column("position").to_pylist()]
        numbers = [(split.file.ordinal << POSITION_BITS) | position for position in positions]
        following = firsts[split.index + 1] if split.index + 1 < len(firsts) else np.inf
        assert all(split.first <= number < following for number in numbers)


def test_an_input_that_vanishes_while_we_plan(find, files):
    found = find({"path": "in/a.jsonl"})
    (files / "a.jsonl").unlink()
    with pytest.raises(InputError, match="cannot be opened"):
        split_inputs(found, 60)
