"""Plug-ins by name: the file's name is the registered name.

A name is resolved in this order, and nothing is imported before it is asked for:

1. `path/to/file.py:object`   a single file of the user's,
2. `package.module:object`    an importable object,
3. an entry point of the registry's group (`headrace.filters`, ...), which third parties declare,
4. a module of the registry's own package: `gopher_quality` is the class `GopherQuality`, or else the
   function `gopher_quality`, of `filters/gopher_quality.py`.
"""

import hashlib
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import PluginError

_OF_FILE = "headrace_file_"
"""How the names of modules begin that are imported from a path."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy that names the nearest of the `known` names, then all of them."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    guess = f"Did you mean '{near[0]}'? " if near else ""
    return f"{guess}Known: {', '.join(names) or 'none'}"


@dataclass(frozen=True)
class Registry:
    """The plug-ins of one kind.

    Args:
        kind: What one of them is called, for messages ("filter").
        package: The package whose modules are the built-in ones ("headrace.pipeline.filters").
        group: The entry-point group by which others are found ("headrace.filters").
    """

    kind: str
    package: str
    group: str

    def names(self) -> list[str]:
        """Every name that can be used without a path, sorted; imports no plug-in."""
        return sorted({*_modules(self.package), *_declared(self.group)})

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (":" in name or name in self.names())

    def load(self, name: str, relative_to: Path | None = None) -> Any:
        """The plug-in object behind a name.

        Args:
            name: A name in one of the forms of the module's docstring.
            relative_to: The folder against which a file path is read (the recipe's); default: the current one.

        Raises:
            PluginError: Nothing of that name exists, or it cannot be imported.
        """
        if ":" in name:
            return self._load_path(name, relative_to or Path.cwd())
        points = _declared(self.group)
        if name in points:
            return self._guarded(name, points[name].load)
        if name in _modules(self.package):
            module = self._guarded(name, lambda: importlib.import_module(f"{self.package}.{name}"))
            return self._object_of(module, name)
        raise PluginError(f"there is no {self.kind} called '{name}'", remedy=did_you_mean(name, self.names()))

    def _load_path(self, name: str, folder: Path) -> Any:
        place, _, attribute = name.rpartition(":")
        if place.endswith(".py"):
            module = self._guarded(name, lambda: import_file((folder / place).resolve()))
        else:
            module = self._guarded(name, lambda: importlib.import_module(place))
        if not hasattr(module, attribute):
            public = [each for each in vars(module) if not each.startswith("_")]
            raise PluginError(f"{place} has no object '{attribute}'", remedy=did_you_mean(attribute, public))
        return getattr(module, attribute)

    def _object_of(self, module: ModuleType, name: str) -> Any:
        camel = "".join(part.capitalize() for part in name.split("_"))
        for candidate in (camel, name):
            if hasattr(module, candidate):
                return getattr(module, candidate)
        raise PluginError(
            f"{module.__name__} holds no {self.kind}",
            expected=f"a class {camel} or a function {name}",
            remedy="Name the object as the file is named",
        )

    def _guarded(self, name: str, load: Callable[[], Any]) -> Any:
        try:
            return load()
        except PluginError:
            raise
        except Exception as error:
            raise PluginError(
                f"the {self.kind} '{name}' cannot be imported",
                found=f"{type(error).__name__}: {error}",
                remedy="Mend the file, or install what it imports",
            ) from error


@cache
def _modules(package: str) -> Collection[str]:
    """The names of a package's plug-ins; sub-packages hold what a plug-in needs, never a plug-in."""
    found = pkgutil.iter_modules(importlib.import_module(package).__path__)
    names = (module.name for module in found if not module.ispkg)
    return frozenset(name for name in names if name != "base" and not name.startswith("_"))


@cache
def _declared(group: str) -> Mapping[str, EntryPoint]:
    """The entry points of a group by name; kept, since asking reads the metadata of every installed package."""
    return {point.name: point for point in entry_points(group=group)}


class _Unkept(SourceFileLoader):
    """Compiles a file and keeps no bytecode beside it: a user's folder is nothing to write to."""

    def set_data(self, path: str, data: object, *, _mode: int = 0o666) -> None:
        """Keep nothing."""


def import_file(path: Path) -> ModuleType:
    """Import one file under a name made from its path, so that two files of one name can be used together."""
    if not path.is_file():
        raise PluginError(f"there is no file {path}", remedy="Paths are read relative to the recipe's folder")
    # The contents enter the name: a file that was edited is another module, in the same process too.
    digest = hashlib.blake2b(str(path).encode() + b"\0" + path.read_bytes(), digest_size=6).hexdigest()
    name = f"{_OF_FILE}{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path, loader=_Unkept(name, str(path)))
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    # Registered before it runs: dataclasses look their own module up while they are being made.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def file_of(kind: type) -> str | None:
    """By which name `Registry.load` finds a class of a user's file again, in another process too; None for others."""
    module = sys.modules[kind.__module__]
    return f"{module.__file__}:{kind.__qualname__}" if kind.__module__.startswith(_OF_FILE) else None
