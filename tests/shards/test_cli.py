"""The command line: help without implementations, errors as one paragraph with an exit code."""

import errno
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from headrace.shards import cli
from headrace.shards.base import errors

IMPLEMENTATIONS = {
    "numba",
    "numpy",
    "pyarrow",
    "torch",
    "transformers",
    "plotly",
    "PIL",
    "fastwarc",
    "fsspec",
}

# Run in a process of its own, so that nothing is imported yet: prints the help of every command, and all modules.
PROBE = """
import json, sys
from typer.main import get_command
from typer.testing import CliRunner
from headrace.shards.cli import application

def walk(command, path):
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, [*path, name])

app = application()
helps = {}
for path in walk(get_command(app), []):
    result = CliRunner().invoke(app, [*path, "--help"])
    assert result.exit_code == 0, result.output
    helps[" ".join(path)] = result.output
print(json.dumps({"helps": helps, "modules": sorted(sys.modules)}))
"""


def headrace(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "headrace.shards", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def probe() -> dict[str, object]:
    result = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_every_command_has_an_example(probe: dict[str, dict[str, str]]) -> None:
    helps = probe["helps"]
    assert {"report", "demo", "verify", "stream"} <= set(helps)
    without = [name for name, text in helps.items() if f"Example: headrace {name}".rstrip() not in text]
    assert not without


def test_help_imports_no_implementation(probe: dict[str, list[str]]) -> None:
    assert not IMPLEMENTATIONS & set(probe["modules"])
    ours = {name for name in probe["modules"] if name.startswith("headrace.")}
    assert {name for name in ours if name.split(".")[-1] not in ("commands", "cli", "errors", "base")} <= {
        "headrace.pipeline",
        "headrace.shards",
        "headrace.trainers",
    }


def test_an_error_is_one_paragraph_with_its_exit_code(tmp_path: Path) -> None:
    result = headrace("report", str(tmp_path / "missing"))
    assert result.returncode == errors.InputError.exit_code
    assert result.stdout == ""
    assert result.stderr.startswith("Error: there is no folder")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("place", [0, 1, 2])
def test_debug_shows_the_traceback_wherever_it_stands(tmp_path: Path, place: int) -> None:
    arguments = ["report", str(tmp_path / "missing")]
    arguments.insert(place, "--debug")
    result = headrace(*arguments)
    assert result.returncode != 0
    assert "Traceback" in result.stderr


def test_a_mistyped_command_is_answered_with_the_nearest() -> None:
    result = headrace("reprot", "demo")
    assert result.returncode == 2
    assert "Did you mean 'report'?" in result.stderr


def test_version_is_the_packages() -> None:
    assert headrace("--version").stdout.startswith("headrace 0.")


def run_raising(error: Exception, monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    """`main` with an application whose only command raises `error`."""

    def application() -> typer.Typer:
        app = typer.Typer(pretty_exceptions_enable=False)

        @app.command()
        def fail() -> None:
            raise error

        return app

    monkeypatch.setattr(cli, "application", application)
    monkeypatch.setattr(sys, "argv", ["headrace", *options])
    cli.main()


def every_error(kind: type[errors.HeadraceError] = errors.HeadraceError) -> list[type[errors.HeadraceError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in every_error(child))]


@pytest.mark.parametrize("kind", [each for each in every_error() if each.__module__ == errors.__name__])
def test_each_kind_of_error_has_its_exit_code(
    kind: Callable[..., errors.HeadraceError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = kind("[red]it[/red] failed", found="this", expected="that", remedy="Do so")
    with pytest.raises(SystemExit) as stopped:
        run_raising(error, monkeypatch)
    assert stopped.value.code == error.exit_code
    # A message is shown as it is: what looks like a style of the terminal's may be a user's file name.
    title = "Stopped" if kind is errors.Interrupted else "Error"
    assert capsys.readouterr().err == f"{title}: [red]it[/red] failed. Found: this. Expected: that. Do so.\n"


def interrupting(at: str) -> str:
    """A program that runs `headrace verify .` and is interrupted when it imports a module."""
    return f"""
import sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {at!r}:
            raise KeyboardInterrupt
from headrace.shards import cli
sys.meta_path.insert(0, Interrupting())
sys.argv = ["headrace", "verify", "."]
cli.main()
"""


@pytest.mark.parametrize("at", ["headrace.shards.format.verify", "headrace.trainers.commands"])
def test_ctrl_c_while_something_is_imported_is_answered(at: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", interrupting(at)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "Stopped: nothing is half-written. Run the same line again.\n"


def test_a_full_disk_is_a_users_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_raising(OSError(errno.ENOSPC, "No space left on device", "shard.tar"), monkeypatch)
    assert stopped.value.code == 3
    assert "no space left for shard.tar" in capsys.readouterr().err


def test_another_failure_of_the_system_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="bad"):
        run_raising(OSError(errno.EIO, "bad"), monkeypatch)


def test_a_missing_extra_names_its_remedy(tmp_path: Path) -> None:
    without = "import sys; sys.modules['torch'] = None; sys.argv = ['headrace', 'eval', '.']"
    code = f"{without}; from headrace.shards import cli; cli.main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "headrace[train]" in done.stderr.replace("\n", " ")
