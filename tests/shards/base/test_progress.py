"""Progress: in a log, one line about what took over a second, and nothing about the rest."""

import io

import pytest
from rich.console import Console

from headrace.shards.base import progress as module
from headrace.shards.base.progress import progress


class Clock:
    """A clock that is set by hand, so that a second takes no time."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock, real = Clock(), module.Progress
    monkeypatch.setattr(module, "console", Console(file=io.StringIO()))
    monkeypatch.setattr(module, "Progress", lambda *columns, **settings: real(*columns, get_time=clock, **settings))
    return clock


def run(clock: Clock, seconds: float, *, counted: bool = True, done: int = 0) -> None:
    with progress("reading", 40, counted=counted, done=done) as advance:
        advance(3)
        advance(4, note="a file")
        clock.now += seconds


def test_what_was_quick_says_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    run(clock, 0.9)
    assert capsys.readouterr() == ("", "")


def test_what_took_long_says_so_in_one_line_on_standard_error(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    run(clock, 2.5)
    assert capsys.readouterr() == ("", "reading: 7 done in 2.5 s\n")
    run(clock, 2.5, counted=False)
    assert capsys.readouterr().err == "reading: done in 2.5 s\n"


def test_what_an_earlier_run_did_is_not_counted_again(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    run(clock, 2.5, done=30)
    assert capsys.readouterr().err == "reading: 7 done in 2.5 s\n"


def test_a_failure_passes_and_is_not_called_done(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with progress("reading", 40):
            clock.now += 2.5
            raise RuntimeError("torn")

    with pytest.raises(RuntimeError, match="torn"):
        fail()
    assert capsys.readouterr().err == ""
