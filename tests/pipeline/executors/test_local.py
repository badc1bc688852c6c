"""The local executor, with real processes."""

import contextlib
import importlib
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from headrace.pipeline.engine.tasks import TEMPORARY, make_task
from headrace.pipeline.executors.local import LocalExecutor
from headrace.shards.base.errors import BuildError, InputError


@pytest.fixture
def works(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("local_works")


@pytest.fixture
def executor():
    """Makes executors and closes them."""
    with contextlib.ExitStack() as stack:

        def make(workers):
            made = LocalExecutor(workers)
            stack.callback(made.close)
            return made

        yield make


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def has_ended(pid):
    """Whether a process is gone, or a zombie that nobody has collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_is_run_once_and_committed(tmp_path, works, executor, workers):
    tasks = [make_task("squares", number, works.Square(number)) for number in range(7)]
    done = list(executor(workers).run(tmp_path, tasks))
    assert {each.name: each.stats["square"] for each in done} == {task.name: task.work.number**2 for task in tasks}
    assert [(tmp_path / task.name / "square").read_text() for task in tasks] == [str(n**2) for n in range(7)]
    pids = {each.stats["pid"] for each in done}
    assert (os.getpid() in pids) == (workers == 1)
    assert len(pids) <= workers


def test_the_processes_serve_one_phase_after_the_other(tmp_path, works, executor):
    two = executor(2)
    phases = [[make_task(name, number, works.Square(number)) for number in range(4)] for name in ("one", "two")]
    pids = [{done.stats["pid"] for done in two.run(tmp_path, tasks)} for tasks in phases]
    assert len(pids[0] | pids[1]) <= 2


def test_started_workers_prepare_before_their_first_task(tmp_path, works, executor):
    two = executor(2)
    two.start(partial(works.note_process, tmp_path))
    done = list(two.run(tmp_path, [make_task("squares", number, works.Square(number)) for number in range(4)]))
    prepared = {int(path.name) for path in tmp_path.glob("[0-9]*")}
    assert prepared
    assert os.getpid() not in prepared
    assert len(prepared | {each.stats["pid"] for each in done}) <= 2


def test_one_worker_has_nothing_to_start(tmp_path, works, executor):
    executor(1).start(partial(works.note_process, tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("how", "kind", "told"),
    [("ours", InputError, "look elsewhere"), ("other", BuildError, "the task fails/000000 failed.*by zero")],
)
def test_the_first_error_ends_the_phase_and_keeps_what_is_done(tmp_path, works, executor, workers, how, kind, told):
    tasks = [make_task("squares", number, works.Square(number)) for number in range(6)]
    run, done = executor(workers), []
    with pytest.raises(kind, match=told):
        done.extend(run.run(tmp_path, [*tasks, make_task("fails", 0, works.Fail(how))]))
    run.close()
    assert all((tmp_path / each.name / "square").exists() for each in done)
    assert list((tmp_path / "fails").iterdir()) == []


def test_a_worker_that_dies_is_told_of_with_its_task(tmp_path, works, executor):
    tasks = [make_task("fails", number, works.Fail("die")) for number in range(2)]
    with pytest.raises(BuildError, match=r"a worker process died.*fails/000000.*fewer --workers"):
        list(executor(2).run(tmp_path, tasks))


def test_closing_ends_the_workers_at_once_and_nobody_else(tmp_path, works, executor):
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    two = executor(2)
    results = two.run(tmp_path, [make_task("squares", 0, works.Square(3)), make_task("sleeps", 0, works.Sleep(0))])
    assert next(results).stats["square"] == 9
    wait_for((tmp_path / "running-0").exists)
    wait_for(lambda: (tmp_path / "running-0").read_text())
    pid = int((tmp_path / "running-0").read_text())
    start = time.monotonic()
    two.close()
    wait_for(lambda: has_ended(pid), 10)
    assert time.monotonic() - start < 30
    assert bystander.poll() is None
    bystander.communicate(b"\n")
    assert [path.name[: len(TEMPORARY)] for path in (tmp_path / "sleeps").iterdir()] == [TEMPORARY]


ORPHAN = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from headrace.pipeline.executors.local import LocalExecutor
from headrace.pipeline.engine.tasks import make_task
import local_works

if __name__ == "__main__":
    list(LocalExecutor(2).run(Path({root!r}), [make_task("sleeps", n, local_works.Sleep(n)) for n in range(2)]))
"""


def write_script(folder, text):
    script = folder / "script.py"
    script.write_text(text.format(folder=str(Path(__file__).parent), root=str(folder)))
    return script


def test_a_script_that_lacks_its_guard_is_told_so(tmp_path):
    script = write_script(tmp_path, ORPHAN.replace('if __name__ == "__main__":', "if True:"))
    result = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode != 0
    told = [line for line in result.stderr.splitlines() if "errors.BuildError: a worker process died" in line]
    assert any("if __name__ == '__main__':" in line for line in told)


def test_workers_end_when_their_parent_is_killed(tmp_path):
    script = write_script(tmp_path, ORPHAN)
    parent = subprocess.Popen([sys.executable, str(script)])
    running = [tmp_path / f"running-{number}" for number in range(2)]
    wait_for(lambda: all(path.exists() and path.read_text() for path in running))
    workers = [int(path.read_text()) for path in running]
    assert not any(has_ended(pid) for pid in workers)
    parent.kill()
    parent.wait()
    for pid in workers:
        wait_for(lambda pid=pid: has_ended(pid), 10)
