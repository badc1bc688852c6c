"""The runner: which tasks run, and which have been done before."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from headrace.pipeline.engine.runner import Phase, run
from headrace.pipeline.engine.tasks import make_task, task_name
from headrace.pipeline.executors.local import LocalExecutor
from headrace.pipeline.plan_tools import fingerprints
from headrace.shards.base.errors import BuildError


@dataclass(frozen=True)
class Read:
    """Counts the characters of a text."""

    version: ClassVar[int] = 1
    text: str

    def run(self, root, folder):
        if self.text == "bad":
            raise ValueError("bad")
        (folder / "text").write_text(self.text)
        return {"characters": len(self.text)}


@dataclass(frozen=True)
class Add:
    """Joins what several tasks of a phase wrote."""

    version: ClassVar[int] = 1
    phase: str
    tasks: int

    def run(self, root, folder):
        texts = [(root / task_name(self.phase, index) / "text").read_text() for index in range(self.tasks)]
        (folder / "text").write_text(" ".join(texts))
        return {}


def plan(texts, *, joined=True):
    """Two phases: read each text, and join them all; and a third that joins the joined."""

    def read(results):
        return [make_task("read", index, Read(text)) for index, text in enumerate(texts)]

    def join(results):
        return [make_task("join", 0, Add("read", len(texts)), fingerprints(results, ["read"]))]

    def again(results):
        return [make_task("again", 0, Add("join", 1), fingerprints(results, ["join"]))]

    phases = [Phase("read", read, len(texts)), Phase("join", join, 1), Phase("again", again, 1)]
    return phases if joined else phases[:1]


class Watched(LocalExecutor):
    """Notes which tasks are run."""

    def __init__(self, workers=1):
        super().__init__(workers)
        self.ran = []

    def run(self, root, tasks):
        self.ran += [task.name for task in tasks]
        yield from super().run(root, tasks)


def accept(phase, result):
    """No check."""


def names(root, phases):
    executor = Watched()
    results = run(phases, root, executor, accept)
    assert sum(result.ran for result in results.values()) == len(executor.ran)
    return executor.ran


def test_what_is_done_is_not_run_again(tmp_path):
    assert names(tmp_path, plan("abc")) == ["read/000000", "read/000001", "read/000002", "join/000000", "again/000000"]
    assert (tmp_path / "again/000000/text").read_text() == "a b c"
    assert names(tmp_path, plan("abc")) == []


def test_a_change_runs_just_what_depends_on_it(tmp_path):
    names(tmp_path, plan("abc"))
    assert names(tmp_path, plan("aXc")) == ["read/000001", "join/000000", "again/000000"]
    assert (tmp_path / "again/000000/text").read_text() == "a X c"


def test_what_an_older_plan_left_is_removed(tmp_path):
    names(tmp_path, plan("abc"))
    names(tmp_path, plan("ab", joined=False))
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*")) == [
        "read/000000",
        "read/000001",
    ]


def test_after_a_failure_everything_finished_is_kept(tmp_path):
    with pytest.raises(BuildError, match="read/000001"):
        run(plan(["good", "bad", "fine"]), tmp_path, LocalExecutor(1), accept)
    assert names(tmp_path, plan(["good", "mended", "fine"])) == [
        "read/000001",
        "read/000002",
        "join/000000",
        "again/000000",
    ]


def test_a_check_stops_the_build_before_the_next_phase(tmp_path):
    def refuse(phase, result):
        if sum(done.stats["characters"] for done in result.done) > 2:
            raise BuildError("too many characters")

    executor = Watched()
    with pytest.raises(BuildError, match="too many"):
        run(plan("abc"), tmp_path, executor, refuse)
    assert executor.ran == ["read/000000", "read/000001", "read/000002"]
    assert names(tmp_path, plan("abc")) == ["join/000000", "again/000000"]


def test_results_stand_in_the_order_of_the_tasks_however_they_end(tmp_path):
    class Backwards(Watched):
        def run(self, root, tasks):
            yield from super().run(root, list(reversed(tasks)))

    backwards = run(plan("abc"), tmp_path / "a", Backwards(), accept)
    forwards = run(plan("abc"), tmp_path / "b", Watched(), accept)
    assert [done.name for done in backwards["read"].done] == ["read/000000", "read/000001", "read/000002"]
    assert backwards["again"].fingerprint == forwards["again"].fingerprint


def test_a_task_that_an_executor_loses_is_noticed(tmp_path):
    class Forgetful(LocalExecutor):
        def run(self, root, tasks):
            yield from super().run(root, tasks[1:])

    with pytest.raises(KeyError, match="read/000000"):
        run(plan("abc"), tmp_path, Forgetful(1), accept)


def test_the_heaviest_run_first_and_results_keep_their_order(tmp_path):
    texts = {"a": 1, "bbb": 3, "cc": 2, "d": 3}
    tasks = [make_task("read", index, Read(text), weight=weight) for index, (text, weight) in enumerate(texts.items())]
    executor = Watched(1)
    results = run([Phase("read", lambda results: tasks, 4)], tmp_path, executor, accept)
    assert executor.ran == [task_name("read", index) for index in (1, 3, 2, 0)]
    assert [done.stats["characters"] for done in results["read"].done] == [1, 3, 2, 1]
