"""Publishing: exactly the build's files appear, and nobody else's are touched."""

import json
import os
import shutil

import pytest

from headrace.pipeline.assembly.publish import publish
from headrace.shards.base.errors import InputError


@pytest.fixture
def sources(tmp_path):
    """Writes the named files and returns name -> path."""

    def write(*names, text="mine"):
        files = {}
        for name in names:
            path = tmp_path / "tasks" / name.replace("/", "-")
            path.parent.mkdir(exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_text(text + name)
            files[name] = path
        return files

    return write


def listed(out):
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def test_the_files_are_linked_and_written_down(tmp_path, sources):
    out, record = tmp_path / "out", tmp_path / "published.json"
    files = sources("a.tar", "ledger/part-0")
    publish(files, out, record, "manifest.json")
    assert listed(out) == ["a.tar", "ledger/part-0"]
    assert (out / "a.tar").samefile(files["a.tar"])
    assert json.loads(record.read_text()) == ["a.tar", "ledger/part-0"]


def test_what_an_earlier_build_published_goes_and_what_others_put_there_stays(tmp_path, sources):
    out, record = tmp_path / "out", tmp_path / "published.json"
    publish(sources("a.tar", "b.tar", "index/part-0", "ledger/part-0"), out, record, "manifest.json")
    (out / "ledger/notes").write_text("theirs")
    (out / "c.tar").write_text("theirs")
    publish(sources("a.tar", text="new "), out, record, "manifest.json")
    assert listed(out) == ["a.tar", "c.tar", "ledger/notes"]
    assert (out / "a.tar").read_text() == "new a.tar"
    assert not (out / "index").exists()


def test_a_foreign_file_is_never_overwritten(tmp_path, sources):
    out, record = tmp_path / "out", tmp_path / "published.json"
    out.mkdir()
    (out / "b.tar").write_text("theirs")
    with pytest.raises(InputError, match=r"would overwrite.*b\.tar"):
        publish(sources("a.tar", "b.tar"), out, record, "manifest.json")
    assert listed(out) == ["b.tar"]


@pytest.mark.parametrize("step", range(8))
def test_a_kill_at_any_step_leaves_what_the_next_run_mends(tmp_path, sources, monkeypatch, step):
    class Killed(BaseException):
        """Stands for the end of the process: nothing catches it."""

    out, record = tmp_path / "out", tmp_path / "published.json"
    publish(sources("a.tar", "old.tar"), out, record, "manifest.json")
    files = sources("a.tar", "b.tar", "ledger/part-0", text="new ")
    steps = iter(range(100))

    def killed(function):
        def call(*arguments, **named):
            if next(steps) == step:
                raise Killed
            return function(*arguments, **named)

        return call

    with monkeypatch.context() as patch:
        for name in ("link", "replace", "unlink", "rename"):
            patch.setattr(os, name, killed(getattr(os, name)))
        with pytest.raises(Killed):
            publish(files, out, record, "manifest.json")
    publish(files, out, record, "manifest.json")
    assert listed(out) == ["a.tar", "b.tar", "ledger/part-0"]
    assert all((out / name).read_text() == f"new {name}" for name in files)


def test_a_file_system_without_links_gets_copies(tmp_path, sources, monkeypatch):
    def refuse(*arguments):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    out, record = tmp_path / "out", tmp_path / "published.json"
    files = sources("a.tar")
    publish(files, out, record, "manifest.json")
    publish(files, out, record, "manifest.json")
    assert (out / "a.tar").read_bytes() == files["a.tar"].read_bytes()
    assert not (out / "a.tar").samefile(files["a.tar"])
    shutil.rmtree(tmp_path / "tasks")
    assert listed(out) == ["a.tar"]
