"""Tasks: outputs that appear whole or not at all, under a fingerprint of all that shaped them."""

import errno
import json
from dataclasses import dataclass
from typing import ClassVar

import pytest

from headrace.pipeline.engine.tasks import MARKER, execute, finished, make_task, remove_leftovers, remove_old_phases
from headrace.shards.base.errors import BuildError, InputError

ERRORS = {
    "value": ValueError("odd"),
    "system": OSError(errno.EIO, "input/output error"),
    "full": OSError(errno.ENOSPC, "?"),
    "quota": OSError(errno.EDQUOT, "?"),
    "memory": MemoryError("too much"),
    "ours": InputError("a file is missing"),
    "ctrl-c": KeyboardInterrupt(),
}


@dataclass(frozen=True)
class Write:
    """Writes two files; raises one of `ERRORS` when it is half done."""

    version: ClassVar[int] = 1
    text: str
    error: str = ""

    def run(self, root, folder):
        (folder / "first").write_text(self.text)
        (folder / "folder").mkdir()
        if self.error:
            raise ERRORS[self.error]
        (folder / "second").write_text(self.text)
        return {"characters": len(self.text)}


def tree(root):
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_a_task_is_committed_with_its_marker(tmp_path):
    task = make_task("phase", 3, Write("hello"))
    assert finished(tmp_path, task) is None
    done = execute(tmp_path, task)
    assert done.stats == {"characters": 5}
    assert finished(tmp_path, task) == done
    assert set(tree(tmp_path)) == {"phase/000003/first", "phase/000003/second", f"phase/000003/{MARKER}"}


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        ("value", BuildError, "ValueError: odd"),
        ("system", BuildError, "input/output error"),
        ("full", InputError, "No space left"),
        ("quota", InputError, "continues"),
        ("memory", BuildError, "--workers"),
        ("ours", InputError, "a file is missing"),
        ("ctrl-c", KeyboardInterrupt, ""),
    ],
)
def test_nothing_is_left_of_a_task_that_fails(tmp_path, error, kind, told):
    with pytest.raises(kind) as raised:
        execute(tmp_path, make_task("phase", 0, Write("hello", error)))
    assert told in str(raised.value)
    assert list((tmp_path / "phase").iterdir()) == []


def test_a_failed_rerun_leaves_what_was_there(tmp_path):
    execute(tmp_path, make_task("phase", 0, Write("old")))
    before = tree(tmp_path)
    with pytest.raises(BuildError):
        execute(tmp_path, make_task("phase", 0, Write("new", "value")))
    assert tree(tmp_path) == before


def test_a_rerun_replaces_the_whole_folder(tmp_path):
    execute(tmp_path, make_task("phase", 0, Write("old")))
    (tmp_path / "phase/000000/stray").write_text("")
    execute(tmp_path, make_task("phase", 0, Write("new")))
    assert tree(tmp_path).keys() == {f"phase/000000/{name}" for name in ("first", "second", MARKER)}
    assert (tmp_path / "phase/000000/first").read_text() == "new"
    assert [path.name for path in (tmp_path / "phase").iterdir()] == ["000000"]


def test_whatever_shapes_a_task_is_in_its_fingerprint(monkeypatch):
    task = make_task("phase", 0, Write("hello"), ["before"])
    others = [
        make_task("phase", 0, Write("hullo"), ["before"]),
        make_task("phase", 0, Write("hello"), ["changed"]),
        make_task("phase", 0, Write("hello"), []),
    ]
    monkeypatch.setattr(Write, "version", 2)
    others.append(make_task("phase", 0, Write("hello"), ["before"]))
    assert len({each.fingerprint for each in (task, *others)}) == 5


def test_where_a_task_stands_is_not(tmp_path):
    assert make_task("a", 0, Write("x")).fingerprint == make_task("b", 7, Write("x"), weight=9).fingerprint


@pytest.mark.parametrize("marker", ["", "{", '{"fingerprint": "another"}', "{}"])
def test_a_task_without_its_own_marker_is_not_done(tmp_path, marker):
    task = make_task("phase", 0, Write("hello"))
    execute(tmp_path, task)
    (tmp_path / "phase/000000" / MARKER).write_text(marker)
    assert finished(tmp_path, task) is None


def test_the_marker_is_plain_json(tmp_path):
    task = make_task("phase", 0, Write("hello"))
    execute(tmp_path, task)
    marker = json.loads((tmp_path / "phase/000000" / MARKER).read_text())
    assert marker["fingerprint"] == task.fingerprint
    assert marker["stats"] == {"characters": 5}


def test_leftovers_are_removed_and_nothing_else(tmp_path):
    for index in range(3):
        execute(tmp_path, make_task("phase", index, Write("hello")))
    execute(tmp_path, make_task("other", 0, Write("hello")))
    half = tmp_path / "phase/.tmp-000001-12345678"
    half.mkdir()
    (half / "first").write_text("half")
    remove_leftovers(tmp_path, "phase", {"phase/000000", "phase/000001"})
    assert sorted(path.name for path in (tmp_path / "phase").iterdir()) == ["000000", "000001"]
    remove_leftovers(tmp_path, "missing", set())

    (tmp_path / "lock").write_text("")
    remove_old_phases(tmp_path, {"phase"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "phase"]
