"""The classes behind the names of plug-ins."""

from pathlib import Path
from typing import Any

from headrace.shards.base.errors import PluginError
from headrace.shards.base.recipe import refuse_incomplete
from headrace.shards.base.registry import Registry


def class_of(registry: Registry, name: str, base: type, relative_to: Path | None = None) -> Any:
    """The class behind a plug-in's name.

    Args:
        registry: Of the plug-ins of its kind.
        name: In one of the forms that the registry knows.
        base: What it derives from.
        relative_to: The folder against which a file's path is read; default: the current one.

    Raises:
        PluginError: There is none, it is of another kind, or it lacks what its contract demands.
    """
    kind = registry.load(name, relative_to)
    if not (isinstance(kind, type) and issubclass(kind, base)):
        raise PluginError(
            f"'{name}' is no {registry.kind}",
            found=kind.__name__ if isinstance(kind, type) else type(kind).__name__,
            expected=f"a subclass of {base.__name__} ({base.__module__})",
        )
    refuse_incomplete(kind)
    return kind
