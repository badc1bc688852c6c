"""A plug-in with its parameters as plain data: what travels to worker processes and enters fingerprints."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from headrace.shards.base.errors import PluginError, RecipeError
from headrace.shards.base.recipe import Location, RecipeFile, build, make
from headrace.shards.base.registry import Registry, did_you_mean

from .engine.fingerprint import file_digest, fingerprint


@dataclass(frozen=True)
class PluginSpec:
    """A plug-in by name; `load` makes it, once per process.

    Args:
        registry: Where the name is looked up.
        name: The name in the recipe.
        parameters: Its parameters as canonical JSON.
        folder: The recipe's folder, against which paths are read.
    """

    registry: Registry
    name: str
    parameters: str
    folder: str

    @classmethod
    def check(
        cls, registry: Registry, name: str, parameters: Mapping[str, Any], file: RecipeFile, place: Location
    ) -> "PluginSpec":
        """Look the name up and check the parameters, so that a mistake shows before anything runs.

        Raises:
            RecipeError: There is no such plug-in, or a parameter is unknown, wrong, or names a missing file.
            PluginError: The plug-in cannot be imported.
        """
        title = file.place(place)
        if name not in registry:
            raise RecipeError(
                f"{title}: there is no {registry.kind} called '{name}'", remedy=did_you_mean(name, registry.names())
            )
        plugin = build(_class(registry.load(name, file.folder), name), parameters, file, place)
        for path in _files(plugin):
            if not path.is_file():
                raise RecipeError(
                    f"{title}: there is no file {path}", remedy="Relative paths are read from the recipe's folder"
                )
        return cls(registry, name, json.dumps(parameters, sort_keys=True, ensure_ascii=False), str(file.folder))

    def without(self, names: Collection[str]) -> "PluginSpec":
        """The same plug-in with some parameters at their defaults."""
        parameters = {name: value for name, value in json.loads(self.parameters).items() if name not in names}
        return replace(self, parameters=json.dumps(parameters, sort_keys=True, ensure_ascii=False))

    def load(self) -> Any:
        """The plug-in, made from its parameters."""
        return _load(self)

    def fingerprint(self) -> str:
        """Of its name, parameters, declared version, and the contents of the files that shape it."""
        plugin = self.load()
        files = [file_digest(path) for path in _files(plugin)]
        return fingerprint(self.name, self.parameters, type(plugin).version, files, _source_digest(self))


@lru_cache(maxsize=256)
def _load(spec: PluginSpec) -> Any:
    folder = Path(spec.folder)
    return make(_class(spec.registry.load(spec.name, folder), spec.name), json.loads(spec.parameters), folder)


def _files(plugin: Any) -> list[Path]:
    """The files that shape what a plug-in does, where it declares any."""
    return [Path(path) for path in getattr(plugin, "files", tuple)()]


def _class(found: Any, name: str) -> Any:
    if isinstance(found, type):
        return found
    raise PluginError(
        f"'{name}' is no plug-in",
        found=type(found).__name__,
        expected="a class, or a function under @record_filter(...)",
    )


def _source_digest(spec: PluginSpec) -> str:
    """A single file of the user's carries no reliable version: its contents count."""
    place = spec.name.rpartition(":")[0]
    return file_digest(Path(spec.folder) / place) if place.endswith(".py") else ""
