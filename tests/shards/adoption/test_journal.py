"""The journal: written now and then, read back as it was, and of no account once it is damaged."""

import dataclasses
import json
from pathlib import Path

import pytest

from headrace.shards.adoption.journal import FILE, Entry, Journal, load

ENTRY = Entry("d/ä.tar", 10, "tag", 3, "a" * 64, "b" * 64, ("jpg", "ü.txt"), 1, "README", 2, "k", 5)


@pytest.mark.parametrize("folder", ["", "memory://journal"])
def test_entries_come_back(tmp_path: Path, folder: str) -> None:
    folder = folder or str(tmp_path)
    assert load(f"{folder}/nowhere") == {}
    journal = Journal(folder, {})
    journal.add(ENTRY)
    assert load(folder) == {"d/ä.tar": ENTRY}
    other = dataclasses.replace(ENTRY, name="e.tar")
    journal.add(other)
    assert load(folder) == {"d/ä.tar": ENTRY}  # the next writing is due in some seconds
    journal.save()
    assert load(folder) == Journal(folder, load(folder)).entries == {"d/ä.tar": ENTRY, "e.tar": other}


@pytest.mark.parametrize("text", ["x", "{}", "[]", '{"name": 3}', "\xff"])
def test_a_journal_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_bytes(text.encode("latin-1"))
    assert load(str(tmp_path)) == {}


def test_the_entry_of_the_manifest(tmp_path: Path) -> None:
    shard = ENTRY.shard()
    assert (shard.name, shard.samples, shard.bytes) == ("d/ä.tar", 3, 10)
    assert (shard.sha256, shard.index_sha256, shard.tokens) == ("a" * 64, "b" * 64, None)
    Journal(str(tmp_path), {"x": ENTRY}).save()
    assert json.loads((tmp_path / FILE).read_text())["fields"] == ["jpg", "ü.txt"]
