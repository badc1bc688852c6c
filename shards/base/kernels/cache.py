"""Where compiled kernels are kept between runs.

numba's own cache falls short of a package that is installed read-only, upgraded, or run by a user without a home:

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
import tempfile
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Self

from numba import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache, NullCache, _CacheLocator


def cache_directories(source: Path) -> list[Path]:
    """The directories in which compiled code of the file `source` is looked for, best first; none need exist.

    numba's `NUMBA_CACHE_DIR` where a user has set it; beside the source, which is what an image or a shared
    installation carries; the user's cache; a private directory among the temporary files.
    """
    package = f"{source.parent.name}_{hashlib.sha256(bytes(source.parent)).hexdigest()[:16]}"
    directories = [source.parent / "__pycache__"]
    if chosen := getattr(config, "CACHE_DIR", ""):
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


class LayeredCache(NullCache):
    """The cache of one kernel over all directories: read wherever it is found, written where that is possible."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._source = Path(function.__code__.co_filename)
        self._layers = [_directory_cache(function, directory) for directory in cache_directories(self._source)]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The kernel's compiled code, or None where no layer has it."""
        for layer in self._layers:
            try:
                found = layer.load_overload(sig, target_context) if is_trusted(Path(layer.cache_path)) else None
            except Exception:
                # Whatever the damage, a cache that cannot be read is one that has nothing.
                found = None
                with suppress(OSError):
                    layer.flush()
            if found is not None:
                return found
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code in the first layer that takes it."""
        for layer in self._layers:
            try:
                ensure_writable(Path(layer.cache_path))
                layer.save_overload(sig, data)
            except OSError:
                continue
            return
        warnings.warn(cache_directory_problem(self._source) or "Compiled kernels cannot be kept.", stacklevel=2)


class _DirectoryLocator(_CacheLocator):
    """Says where a function's cache lies and what its compiled code depends on."""

    directory: ClassVar[Path]

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        self._line = function.__code__.co_firstlineno
        self._source = Path(file)

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Self:
        return cls(py_func, py_file)

    def get_cache_path(self) -> str:
        return str(self.directory)

    def get_source_stamp(self) -> str:
        return _digest_of_sources(self._source.parent) + _digest_of_sources(Path(__file__).parent)

    def get_disambiguator(self) -> str:
        return str(self._line)


def _directory_cache(function: Callable[..., Any], directory: Path) -> Any:
    """Numba's cache of one function in one directory; numba takes classes, so the directory goes into a class."""
    locator = type("Locator", (_DirectoryLocator,), {"directory": directory})
    implementation = type("Implementation", (CompileResultCacheImpl,), {"_locator_classes": [locator]})
    return type("DirectoryCache", (FunctionCache,), {"_impl_class": implementation})(function)


@cache
def _digest_of_sources(package: Path) -> str:
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
