"""Progress as it is seen: in a terminal of 100 columns, and in a log."""

import io

import pytest
from rich.console import Console

from headrace.trainers.watch import bar
from headrace.trainers.watch.bar import training_bar

WORDS = "loss 10.1234  12.3k samples/s  2.40M tok/s  wait 3%  MFU 41%  79.1GB"


@pytest.fixture
def seen(monkeypatch):
    def look(**settings):
        file = io.StringIO()
        monkeypatch.setattr(bar, "console", Console(file=file, highlight=False, **settings))
        with training_bar("causal_lm", 250_228, 120_000) as shown:
            shown.advance()
            shown.note(WORDS)
            shown.advance()
            shown.note(WORDS)
        return file.getvalue()

    return look


def test_in_a_terminal_all_is_on_one_line_of_100_columns(seen):
    shown = seen(force_terminal=True, width=100, color_system=None, legacy_windows=False)
    last = shown.replace("\r", "\n").replace("\x1b[2K", "").splitlines()
    line = next(each for each in reversed(last) if "loss" in each)
    assert len(line) <= 100
    assert line.startswith("causal_lm ")
    assert "120002/250228" in line
    assert line.rstrip().endswith(WORDS)


def test_in_a_log_every_note_is_a_line(seen):
    first, second = seen(force_terminal=False, width=80).splitlines()
    assert first == f"causal_lm 120001/250228  {WORDS}"
    assert second.startswith(f"causal_lm 120002/250228  {WORDS}  ")
    assert second.endswith(" left")


def test_what_was_done_instead_of_training_gives_way_to_what_was_known_before(monkeypatch):
    file = io.StringIO()
    monkeypatch.setattr(bar, "console", Console(file=file, force_terminal=True, width=100, color_system=None))
    with training_bar("mae", 10, 0) as shown:
        shown.note(WORDS)
        shown.doing("validation 3/7")
        shown.doing("")
    last = file.getvalue().replace("\r", "\n").splitlines()
    assert WORDS in next(each for each in reversed(last) if "mae" in each)
