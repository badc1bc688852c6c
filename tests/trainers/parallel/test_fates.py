"""A process that dies, fails or hangs: the others end in bounded time, and say which one it was."""

import multiprocessing
import os
import signal
import time
from threading import Timer

import pytest
import torch
from torch import distributed as dist

from headrace.trainers.distributed import joined
from headrace.trainers.parallel import fates

# Python 3.12 warns of forking beside threads; those here are torch's, and idle.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
LONG = 60


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(fates, "_BEAT", 0.2)
    monkeypatch.setattr(fates, "_SILENCE", 3.0)
    monkeypatch.setattr(fates, "_GRACE", 1.0)


def ended(size, task, patience=600.0):
    """Of each process its exit code, and what it raised; `task` gets the rank of those that are to run it."""
    # As under torchrun, nobody's end takes the store along.
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    context = multiprocessing.get_context("fork")
    said = context.Manager().dict()
    processes = [
        context.Process(target=_run, args=(rank, size, store.port, task, patience, said)) for rank in range(size)
    ]
    for process in processes:
        process.start()
    deadline = time.monotonic() + LONG
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
        process.join()
    return codes, dict(said)


def _run(rank, size, port, task, patience, said):
    torch.set_num_threads(1)
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    place["TORCHELASTIC_USE_AGENT_STORE"] = True
    os.environ.update({name: str(value) for name, value in place.items()})
    try:
        with joined("cpu", patience=patience) as world:
            world.barrier()
            task(rank)
            world.barrier()
    except fates.RankLost as error:
        said[rank] = (error.speaks, str(error))
        os._exit(error.exit_code)
    except ValueError:
        os._exit(1)


def killed(rank):
    if rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)


def stopped(rank):
    if rank == 1:
        os.kill(os.getpid(), signal.SIGSTOP)


def failed(rank):
    if rank == 1:
        raise ValueError("no more samples")


def hanging(rank):
    if rank == 1:
        time.sleep(LONG)


def stuck(rank):
    """The others are where no connection breaks: they look for a key of the store."""
    if rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    dist.new_group(backend="gloo")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "patience", "code", "found"),
    [
        (killed, 600.0, -signal.SIGKILL, "it gave no sign for 3 seconds"),
        (stopped, 2.0, None, "it gave no sign for 3 seconds"),
        (failed, 600.0, 1, "ValueError: no more samples"),
        (hanging, 2.0, 7, "it hangs, and does not take part"),
    ],
)
def test_the_others_end_and_name_the_one_that_is_lost(task, patience, code, found):
    codes, said = ended(3, task, patience)
    assert codes == [7, code, 7]
    for message in (said[0][1], said[2][1]):
        assert f"rank 1 of 3 processes was lost, and this process ends as well. Found: {found}" in message
        assert "Run the same line again" in message
    assert [said[rank][0] for rank in (0, 2)] == [True, False]


@pytest.mark.slow
def test_a_process_that_cannot_notice_is_ended_where_it_stands(capfd):
    codes, said = ended(2, stuck)
    assert codes == [7, -signal.SIGKILL]
    assert not said
    assert "Error: rank 1 of 2 processes was lost" in capfd.readouterr().err


def test_processes_that_end_as_they_should_leave_no_notice():
    codes, said = ended(2, lambda rank: time.sleep(0.5 * rank))
    assert codes == [0, 0]
    assert not said


def suspended(rank):
    """All stand still for longer than one may be silent, as when a batch system suspends them."""
    if rank == 0:
        time.sleep(6)


@pytest.mark.slow
def test_processes_that_were_suspended_together_go_on():
    stand_still = Timer(1.0, lambda: [signalled(signal.SIGSTOP), time.sleep(4), signalled(signal.SIGCONT)])
    stand_still.start()
    codes, said = ended(2, suspended)
    stand_still.join()
    assert codes == [0, 0]
    assert not said


def signalled(number):
    for child in multiprocessing.active_children():
        if child.name.startswith("rank"):
            os.kill(child.pid, number)
