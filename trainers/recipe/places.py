"""Files and folders that a recipe names, made absolute from where they are named."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PLACE = re.compile("(^|_)(url|file|folder)$")
"""Keys that name a place, in these parts of a recipe."""
_WITH_PLACES = ("data", "validation", "probe", "evals", "log_to")


def settled(data: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The data with plug-ins as {name: parameters}, and with every local path made absolute from `folder`."""
    result = dict(data)
    if result.get("pretext"):
        result["pretext"] = _placed(_entry(result["pretext"]), folder)
    for key in ("evals", "log_to"):
        if isinstance(given := result.get(key), list | str | Mapping):
            result[key] = [_placed(_entry(each), folder) for each in (given if isinstance(given, list) else [given])]
    if isinstance(network := result.get("backbone"), Mapping):
        result["backbone"] = _network_located(network, folder)
    return result | {part: _located(result[part], folder) for part in _WITH_PLACES if part in result}


def _network_located(network: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """The network with the folder that it begins with made absolute; a name at Hugging Face looks like a path, too."""
    name = network.get("pretrained")
    if not isinstance(name, str) or not (name.startswith((".", "/")) or (folder / name).is_dir()):
        return network
    return {**network, "pretrained": str((folder / name).resolve())}


def _located(part: Any, folder: Path) -> Any:
    """A part of a recipe with every local place in it made absolute from `folder`."""
    if isinstance(part, list):
        return [_located(each, folder) for each in part]
    if not isinstance(part, Mapping):
        return part
    return {
        name: str((folder / value).resolve())
        if isinstance(value, str) and PLACE.search(str(name)) and "://" not in value
        else _located(value, folder)
        for name, value in part.items()
    }


def _entry(entry: Any) -> Any:
    """A plug-in's name, or {name: parameters or nothing}, as {name: parameters}."""
    if isinstance(entry, str):
        return {entry: {}}
    return {name: values or {} for name, values in entry.items()} if isinstance(entry, Mapping) else entry


def _placed(part: Any, folder: Path) -> Any:
    """A part of a recipe with every plug-in's file, `path/to/file.py:Class`, made absolute from `folder`."""
    if isinstance(part, Mapping):
        return {_placed(name, folder): _placed(value, folder) for name, value in part.items()}
    if isinstance(part, list):
        return [_placed(each, folder) for each in part]
    file, colon, attribute = part.rpartition(".py:") if isinstance(part, str) else ("", "", "")
    return f"{folder / file}{colon}{attribute}" if colon else part
