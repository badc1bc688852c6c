"""Where compiled kernels are kept between runs: one file each, its stamp before its machine code.

numba's own cache cannot be read without importing numba, holds pickles, and falls short of a package that is installed
read-only, upgraded, or run by a user without a home:

- it goes by the one file a function stands in, and keeps using old code when a function inlined from another file has
  changed, after an upgrade, say. Here the stamp covers every file of this package.
- it will not read a cache that it cannot write, so kernels compiled into an image would be compiled again by every
  process of a read-only container. Here directories are layers: each is read, the first writable one is written.
- it raises at import when no directory is writable. Here that is one warning, and the kernels are compiled each time.
"""

import errno
import hashlib
import os
import stat
import sys
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from .machine_code import machine


def cache_directories(source: Path) -> list[Path]:
    """The directories in which compiled code of the file `source` is looked for, best first; none need exist.

    numba's `NUMBA_CACHE_DIR` where a user has set it; beside the source, which is what an image or a shared
    installation carries; the user's cache; a private directory among the temporary files.
    """
    package = f"{source.parent.name}_{hashlib.sha256(bytes(source.parent)).hexdigest()[:16]}"
    directories = [source.parent / "__pycache__"]
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        directories.insert(0, Path(chosen) / package)
    user = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    # A user without a home leaves "~" in place, and a relative path would litter the working directory.
    if user.is_absolute():
        directories.append(user / "headrace" / package)
    if private := _private_temporary_directory():
        directories.append(private / package)
    return directories


def cache_directory_problem(source: Path = Path(__file__)) -> str | None:
    """None if compiled code can be kept, else a paragraph that says why not and what to do."""
    refusals = []
    for directory in cache_directories(source):
        try:
            ensure_writable(directory)
        except OSError as error:
            refusals.append(f"{directory} ({error.strerror or error})")
        else:
            return None
    return (
        "Compiled kernels cannot be kept, so every process compiles them anew, which takes seconds. "
        f"Found: no writable directory among {', '.join(refusals)}. Expected: one of them to be writable. "
        "Give the user a home, or run `headrace warmup` before the installation is made read-only: what it compiles "
        "into __pycache__ is then read from there."
    )


def load(source: Path, name: str) -> bytes | None:
    """The machine code of a kernel of the file `source`, or None where no directory has it."""
    for directory in cache_directories(source):
        with suppress(OSError):
            content = (directory / _file(name)).read_bytes() if is_trusted(directory) else b""
            stamp, _, code = content.partition(b"\n")
            if stamp.decode(errors="replace") == _stamp(source, code):
                return code
    return None


def save(source: Path, name: str, code: bytes) -> None:
    """Keep the machine code of a kernel of the file `source`."""
    content = f"{_stamp(source, code)}\n".encode() + code
    if keep(cache_directories(source), _file(name), content) is None:
        warnings.warn(cache_directory_problem(source) or "Compiled kernels cannot be kept.", stacklevel=2)


def keep(directories: Sequence[Path], name: str, content: bytes | memoryview) -> Path | None:
    """Write a file, whole or not at all, into the first directory that takes it; None if there is none."""
    for directory in directories:
        with suppress(OSError):
            ensure_writable(directory)
            # Not by `tempfile`, whose files nobody else may read: an installation is shared.
            part = directory / f"{name}.{os.getpid()}"
            part.write_bytes(content)
            return part.replace(directory / name)
    return None


def _file(name: str) -> str:
    """The name of a kernel's file: another for each kind of machine and each version of the compiler."""
    return f"{name}.{_made_for()}.o"


@cache
def _made_for() -> str:
    compilers = " ".join(f"{name} {version(name)}" for name in ("numba", "llvmlite"))
    return hashlib.sha256(f"{machine()} {compilers} {sys.implementation.cache_tag}".encode()).hexdigest()[:12]


def _stamp(source: Path, code: bytes) -> str:
    """What tells that a file is whole, and was made of the sources that are here now."""
    sources = digest_of_sources(source.parent) + digest_of_sources(Path(__file__).parent)
    return hashlib.sha256(f"{sources} ".encode() + code).hexdigest()


@cache
def digest_of_sources(package: Path) -> str:
    """A digest of every source file in a directory: kernels inline functions of other files than their own."""
    digest = hashlib.sha256()
    for file in sorted(package.glob("*.py")):
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)} ".encode() + content)
    return digest.hexdigest()


def _private_temporary_directory() -> Path | None:
    try:
        return Path(tempfile.gettempdir()) / f"headrace-kernels-{os.getuid()}"
    except FileNotFoundError:
        return None


def ensure_writable(directory: Path) -> None:
    """Raise OSError unless files can be made in the directory, which is made if need be."""
    if directory.parent == _private_temporary_directory():
        directory.parent.mkdir(mode=0o700, exist_ok=True)
    directory.mkdir(parents=True, exist_ok=True)
    if not is_trusted(directory):
        raise PermissionError(errno.EPERM, "it belongs to somebody else or is open to others")
    tempfile.TemporaryFile(dir=directory).close()


def is_trusted(directory: Path) -> bool:
    """Whether nobody else could have put code there: anybody can make a directory among the temporary files."""
    if directory.parent != _private_temporary_directory():
        return True
    status = directory.parent.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
