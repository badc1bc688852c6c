"""A folder of images through its listing."""

import json
from pathlib import Path

import pytest

from headrace.pipeline.readers.image_folder import ImageFolder


@pytest.fixture
def photos(tmp_path) -> Path:
    root = tmp_path / "photos"
    for name, content in {"b/2.png": b"two", "a/1.jpg": b"one", "c.JPEG": b"", "a/readme.md": b"no image"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def rows_of(reader, folder, target=1 << 30):
    rows = []
    with reader.open(str(folder)) as listing:
        for span in reader.spans(listing, 0, target):
            for batch in reader.read(listing, span):
                rows += batch.to_pylist()
    return rows


def test_files_come_in_the_order_of_their_paths(photos):
    rows = rows_of(ImageFolder(), photos)
    assert [(row["position"], json.loads(row["meta"])["path"], row["image"]) for row in rows] == [
        (0, "a/1.jpg", b"one"),
        (1, "b/2.png", b"two"),
        (2, "c.JPEG", None),
    ]
    assert rows[2]["error"] == "the file is empty"


def test_records_do_not_depend_on_where_the_folder_lies(photos, tmp_path):
    before = rows_of(ImageFolder(), photos)
    photos.rename(tmp_path / "elsewhere, and with a long name")
    assert rows_of(ImageFolder(), tmp_path / "elsewhere, and with a long name") == before


@pytest.mark.parametrize("target", [1, 4, 6])
def test_the_split_changes_nothing(photos, target):
    assert rows_of(ImageFolder(), photos, target) == rows_of(ImageFolder(), photos)


def test_a_file_that_changed_or_vanished_since_it_was_listed_fails(photos):
    reader = ImageFolder()
    with reader.open(str(photos)) as listing:
        (photos / "a/1.jpg").write_bytes(b"longer than before")
        (photos / "b/2.png").unlink()
        (span,) = reader.spans(listing, 0, 1 << 30)
        rows = [row for batch in reader.read(listing, span) for row in batch.to_pylist()]
    assert "when the folder was listed" in rows[0]["error"]
    assert "cannot be read" in rows[1]["error"]


def test_the_listing_changes_when_a_file_does(photos):
    def listed():
        with ImageFolder().open(str(photos)) as listing:
            return listing.read()

    before = listed()
    assert listed() == before
    (photos / "a/readme.md").write_text("not an image, so nobody cares")
    assert listed() == before
    (photos / "a/1.jpg").write_bytes(b"uno")
    assert listed() != before


def test_links_are_what_they_lead_to(photos, tmp_path):
    links = tmp_path / "links"
    (links / "own").mkdir(parents=True)
    (links / "one.jpg").symlink_to("../photos/a/1.jpg")
    (links / "two").symlink_to("../photos/b")
    (links / "gone.png").symlink_to("nowhere.png")
    # Folders that lie in each other by their links would have no end.
    (links / "own/all").symlink_to("..")
    (photos / "b/linking").symlink_to("../../links/own")
    (links / "own/back").symlink_to(photos / "b")
    rows = rows_of(ImageFolder(), links)
    found = {json.loads(row["meta"])["path"]: row["image"] for row in rows}
    assert found == {"one.jpg": b"one", "two/2.png": b"two", "own/back/2.png": b"two", "gone.png": None}
    assert [row["error"][:23] for row in rows if row["image"] is None] == ["the file cannot be read"]


def test_the_listing_changes_when_what_a_link_leads_to_does(photos, tmp_path):
    (tmp_path / "links").mkdir()
    (tmp_path / "links/one.jpg").symlink_to(photos / "a/1.jpg")
    before = ImageFolder().open(str(tmp_path / "links")).read()
    (photos / "a/1.jpg").write_bytes(b"another")
    assert ImageFolder().open(str(tmp_path / "links")).read() != before


def test_an_empty_folder_has_no_records(tmp_path):
    assert rows_of(ImageFolder(), tmp_path) == []
