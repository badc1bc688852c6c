"""A build that is stopped or killed at any moment, and run again, leaves what an undisturbed one leaves."""

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

PAUSE = {"own.py:few_words": {"pause": 0.003}}
"""Slow enough for a signal to come in the midst."""

STAGES = [PAUSE, "exact_dedup", {"minhash_dedup": {"similarity": 0.7, "ngram": 2}}, "own.py:weeds"]


@pytest.fixture
def start(workshop):
    """Starts `headrace build`, and ends at last whatever still runs."""
    started = []

    def start(workers):
        command = workshop.command("build", "tiny.yaml", "--out", "out", "--workers", str(workers))
        with (workshop.folder / "told").open("w") as told:
            # A group of its own, so that a signal can reach all its processes, as Ctrl-C in a terminal does.
            started.append(subprocess.Popen(command, cwd=workshop.folder, stderr=told, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def finished_tasks(workshop, out="out"):
    return sum(1 for _ in (workshop.folder / out / ".work").glob("*/[0-9]*/done.json"))


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def descendants(pid):
    """The processes below a process, found in /proc."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found += [child, *descendants(child)]
    return found


def has_ended(pid):
    """Whether a process is gone, or a zombie that nobody has collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def listing(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if ".work" not in path.parts)


def assert_as_undisturbed(workshop):
    """`out` holds what `undisturbed` holds, and nothing that a killed process left."""
    assert workshop.shards() == workshop.shards("undisturbed")
    assert workshop.ledger().equals(workshop.ledger("undisturbed"))
    assert listing(workshop.folder / "out") == listing(workshop.folder / "undisturbed")
    assert not list((workshop.folder / "out/.work").glob("*/.tmp-*"))


def kill_often(workshop, start, kills, workers, seed, whole_group=lambda turn: True):
    """Start and kill until `kills` processes were killed in the midst, then let one end."""
    draw, tasks = random.Random(seed), finished_tasks(workshop, "undisturbed")
    targets = sorted(draw.randrange(tasks + 1) for _ in range(kills))
    for turn, target in enumerate(targets):
        process = start(workers)
        goal = max(target, finished_tasks(workshop))
        wait_for(lambda process=process, goal=goal: finished_tasks(workshop) >= goal or process.poll() is not None)
        time.sleep(draw.random() * 0.05)
        if whole_group(turn):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
    assert start(workers).wait() == 0, (workshop.folder / "told").read_text()


def test_killed_twice_and_continued(workshop, start):
    workshop.write_recipe(stages=STAGES)
    workshop.build("undisturbed")
    kill_often(workshop, start, kills=2, workers=2, seed=1)
    assert_as_undisturbed(workshop)


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "format"), [(1, "tokens"), (2, "webdataset"), (4, "parquet")])
def test_killed_often_and_continued(workshop, start, workers, format):
    workshop.write_recipe(stages=STAGES, output={"format": format, "shard_bytes": "10KB"}, split_bytes="5KB")
    workshop.build("undisturbed")
    kill_often(workshop, start, kills=12, workers=workers, seed=workers)
    assert_as_undisturbed(workshop)


DEDUPS = [
    {"url_dedup": {"keep": "newest", "by": "id"}},
    {"exact_dedup": {"normalize": ["case", "whitespace"], "keep": "best_score", "by": "label"}},
    {"minhash_dedup": {"similarity": 0.7, "ngram": 2, "keep": "longest"}},
    "own.py:weeds",
    {"minhash_dedup": {"similarity": 0.5, "ngram": 1}},
]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
def test_a_build_of_many_dedups_that_is_killed_often(workshop, start, workers):
    workshop.write_corpus(documents=900, files=4)
    workshop.write_recipe(stages=DEDUPS, split_bytes="8KB")
    workshop.build("undisturbed")
    kill_often(workshop, start, kills=12, workers=workers, seed=20 + workers)
    assert_as_undisturbed(workshop)


PHRASE = "what turns all day and never leaves its place has teeth and never bites"


def write_exam(workshop):
    """A benchmark, and pages with a phrase of it that is common, or with all of it."""
    item = f"{PHRASE} {' '.join(f'answer{number}' for number in range(20))}"
    (workshop.folder / "exam.jsonl").write_text(json.dumps({"text": item}) + "\n")
    for name in ("a", "b", "c"):
        texts = [f"{name} {row} {'before ' * 9}{item if row % 4 == 0 else PHRASE}{' after' * 9}" for row in range(12)]
        path = workshop.folder / f"in/{name}.jsonl"
        path.write_text(path.read_text() + "".join(json.dumps({"text": text}) + "\n" for text in texts))
    entry = {"file": "exam.jsonl", "fields": ["text"]}
    return {"decontaminate": {"benchmarks": [entry], "action": "cut", "min_piece": 9, "context": 5}}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 3])
def test_a_build_that_counts_over_the_corpus_and_is_killed_often(workshop, start, workers):
    workshop.write_recipe(stages=[PAUSE, write_exam(workshop), *STAGES[1:]], split_bytes="5KB")
    workshop.build("undisturbed")
    assert {path.name for path in (workshop.folder / "undisturbed/.work").iterdir()} > {
        "decontaminate.count",
        "decontaminate.go-on",
    }
    (certificate,) = json.loads((workshop.folder / "undisturbed/manifest.json").read_text())["decontamination"]
    assert certificate["excluded"]
    kill_often(workshop, start, kills=12, workers=workers, seed=40 + workers)
    assert_as_undisturbed(workshop)


@pytest.mark.slow
def test_a_build_that_begins_while_the_workers_of_a_killed_one_still_run(workshop, start):
    workshop.write_recipe(stages=STAGES, split_bytes="5KB")
    workshop.build("undisturbed")
    kill_often(workshop, start, kills=8, workers=3, seed=9, whole_group=lambda turn: turn % 2)
    assert_as_undisturbed(workshop)


@pytest.mark.parametrize(("number", "send", "workers"), [(signal.SIGINT, os.killpg, 2), (signal.SIGTERM, os.kill, 1)])
def test_stopped_cleanly_and_continued(workshop, start, number, send, workers):
    workshop.write_recipe(stages=STAGES)
    workshop.build("undisturbed")
    process = start(workers)
    wait_for(lambda: finished_tasks(workshop) >= 2)
    below = descendants(process.pid)
    send(process.pid, number)
    assert process.wait(60) == 130
    told = (workshop.folder / "told").read_text()
    assert "Stopped: every finished task of the build is kept" in told
    assert "Run the same line again: it continues" in told
    assert "Traceback" not in told
    for pid in below:
        wait_for(lambda pid=pid: has_ended(pid))
    assert 2 <= finished_tasks(workshop) < finished_tasks(workshop, "undisturbed")
    assert not (workshop.folder / "out/manifest.json").exists()

    built = workshop.build()
    assert built.ran < built.tasks
    assert_as_undisturbed(workshop)


def test_no_process_outlives_a_killed_build(workshop, start):
    workshop.write_recipe(stages=[{"own.py:few_words": {"pause": 1.0}}])
    process = start(workers=2)
    wait_for(lambda: len(list((workshop.folder / "out/.work/curate").glob(".tmp-*"))) == 2)
    below = descendants(process.pid)
    assert len(below) >= 2
    process.kill()
    process.wait()
    for pid in below:
        wait_for(lambda pid=pid: has_ended(pid), 20)
