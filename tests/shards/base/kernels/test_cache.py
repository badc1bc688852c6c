import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.shards.base.kernels import cache

SQUARES = """
from headrace.shards.base.kernels.compile import device

@device
def square(number):
    return number * number
"""
SUMS = """
from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import kernel, reads
from .squares import square

@kernel(types.int64(reads(types.int64)))
def sum_of_squares(numbers):
    total = 0
    for number in numbers:
        total += square(number)
    return total
"""
COMPILE = """
from {package}.sums import sum_of_squares
import numpy as np
loaded = sum_of_squares.compile().loaded
assert sum_of_squares(np.array([1, 2, 3])) == 14
print("loaded" if loaded else "compiled")
"""
SOURCES = Path("/somewhere/kernels")


@pytest.fixture
def installed(tmp_path):
    """A package of one kernel, with a function that is inlined from another file, and nothing compiled."""
    package = tmp_path / "site" / "some_kernels"
    package.mkdir(parents=True)
    for name, content in (("__init__", ""), ("squares", SQUARES), ("sums", SUMS)):
        (package / f"{name}.py").write_text(content)
    return package


def run(package, home, temporary, privileged=True):
    """Compile one kernel in a new process: what became of it, and what was written to standard error."""
    # Root may write anywhere, unless it gives that up.
    prefix = [] if privileged or os.getuid() else ["setpriv", "--bounding-set=-dac_override"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"HOME": str(home), "TMPDIR": str(temporary)}
    command = [*prefix, sys.executable, "-c", COMPILE.format(package=package.name)]
    done = subprocess.run(command, env=environment, cwd=home.parent, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr


@pytest.fixture
def folders(tmp_path):
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    return home, temporary


def block(directory):
    """Make it impossible to write into a directory, even for root: a file stands in its place."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.write_text("in the way")
    return directory


def test_a_second_process_loads_what_the_first_compiled(installed, folders):
    assert run(installed, *folders) == ("compiled", "")
    assert run(installed, *folders) == ("loaded", "")


def test_a_change_in_an_inlined_file_compiles_again(installed, folders):
    run(installed, *folders)
    with (installed / "squares.py").open("a") as file:
        file.write("# a change\n")
    assert run(installed, *folders)[0] == "compiled"


def test_damaged_code_is_compiled_again(installed, folders):
    run(installed, *folders)
    for damage in (lambda content: content[:-100], lambda content: content[100:], lambda content: b""):
        [file] = (installed / "__pycache__").glob("*.o")
        file.write_bytes(damage(file.read_bytes()))
        assert run(installed, *folders) == ("compiled", "")
        assert run(installed, *folders) == ("loaded", "")


def test_a_read_only_installation_is_read_and_the_home_is_written(installed, folders):
    if not os.getuid() and not shutil.which("setpriv"):
        pytest.skip("as root, only setpriv can make a folder read-only")
    (installed / "__pycache__").mkdir()
    (installed / "__pycache__").chmod(0o555)
    assert run(installed, *folders, privileged=False) == ("compiled", "")
    assert list((folders[0] / ".cache" / "headrace").rglob("*.o"))

    (installed / "__pycache__").chmod(0o755)
    shutil.rmtree(folders[0] / ".cache")
    run(installed, *folders)
    (installed / "__pycache__").chmod(0o555)
    assert run(installed, *folders, privileged=False) == ("loaded", "")


def test_without_a_home_temporary_files_are_used(installed, folders):
    home, temporary = folders
    block(installed / "__pycache__")
    block(home)
    assert run(installed, home, temporary) == ("compiled", "")
    assert run(installed, home, temporary) == ("loaded", "")
    [private] = temporary.iterdir()
    assert private.stat().st_mode & 0o777 == 0o700

    private.chmod(0o777)
    outcome, complaint = run(installed, home, temporary)
    assert outcome == "compiled"
    assert "open to others" in complaint


def test_with_nowhere_to_write_there_is_one_warning(installed, folders):
    home, temporary = folders
    block(installed / "__pycache__")
    block(home)
    block(temporary / f"headrace-kernels-{os.getuid()}")
    outcome, complaint = run(installed, home, temporary)
    assert outcome == "compiled"
    assert complaint.count("cannot be kept") == 1
    assert "Give the user a home" in complaint


def test_a_problem_names_every_directory(tmp_path, monkeypatch):
    assert cache.cache_directory_problem() is None
    blocked = [block(tmp_path / name) for name in ("one", "two")]
    monkeypatch.setattr(cache, "cache_directories", lambda source: blocked)
    problem = cache.cache_directory_problem()
    assert all(str(directory) in problem for directory in blocked)


def test_a_missing_home_leaves_no_relative_folder(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    directories = cache.cache_directories(SOURCES / "sums.py")
    assert SOURCES / "__pycache__" in directories
    assert all(directory.is_absolute() for directory in directories)


def test_a_machine_without_temporary_files_has_one_directory_less(monkeypatch):
    def nowhere():
        raise FileNotFoundError("no usable temporary directory")

    before = cache.cache_directories(SOURCES / "sums.py")
    monkeypatch.setattr("tempfile.gettempdir", nowhere)
    assert cache.cache_directories(SOURCES / "sums.py") == before[:-1]
