"""Inputs: the files a recipe's paths name, in an order of their own, cut into splits."""

import fnmatch
import hashlib
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

from fsspec.core import url_to_fs

from headrace.shards.base.errors import InputError, RecipeError
from headrace.shards.base.registry import did_you_mean

from .engine.fingerprint import fingerprint
from .plugin import PluginSpec
from .readers._folder_listing import files_below
from .readers.base import READERS, Reader, Span
from .recipe import InputModel, Recipe
from .records import POSITION_BITS


@dataclass(frozen=True)
class InputFile:
    """One raw file.

    Args:
        ordinal: Its place among all inputs: the upper bits of its records' numbers.
        name: `source/path` below the pattern's fixed part: the head of its records' ids; the same on any machine.
        source: What the recipe calls its source.
        url: Where it is read.
        size: Bytes.
        identity: Size and modification time, or etag, or the contents' hash: what tells a changed file.
        reader: The plug-in that reads it.
    """

    ordinal: int
    name: str
    source: str
    url: str
    size: int
    identity: str
    reader: PluginSpec

    def fingerprint(self) -> str:
        """Of everything but where it lies: an input that was moved is the same input."""
        return fingerprint(self.ordinal, self.name, self.source, self.identity, self.reader)


@dataclass(frozen=True)
class Split:
    """A part of an input that one task reads; `first` is a number at or below that of its first record."""

    index: int
    file: InputFile
    span: Span
    first: int


def find_inputs(recipe: Recipe) -> list[InputFile]:
    """Every file that the recipe's inputs name, sorted by name.

    Raises:
        InputError: A path names nothing, or something that cannot be read.
        RecipeError: No reader is named, and none reads files of such a name.
    """
    found: list[InputFile] = []
    for index, (entry, reader) in enumerate(recipe.inputs):
        source = entry.source or recipe.name
        for url, name, info in _expand(entry, recipe, folders=reader is not None and reader.load().opens_folder):
            plugin = reader or _default_reader(url, recipe, index)
            size, identity = _folder_identity(plugin, url) if info["type"] == "directory" else _identity(info)
            if entry.identity == "content" and info["type"] == "file":
                identity = _content_digest(plugin, url)
            found.append(InputFile(0, f"{source}/{name}", source, url, size, identity, plugin))
    found.sort(key=lambda each: each.name)
    for first, second in pairwise(found):
        if first.name == second.name:
            raise RecipeError(
                f"two inputs have the name {first.name}, so that their records would share ids",
                found=f"{first.url} and {second.url}",
                remedy="Give the two entries of 'inputs' different 'source' names",
            )
    return [replace(each, ordinal=ordinal) for ordinal, each in enumerate(found)]


def split_inputs(files: Sequence[InputFile], target: int) -> list[Split]:
    """Cut the inputs into splits of about `target` bytes, in the order of their records' numbers.

    Raises:
        InputError: An input cannot be opened, or there is nothing in any of them.
    """
    splits: list[Split] = []
    for file in files:
        reader: Reader = file.reader.load()
        try:
            with reader.open(file.url) as opened:
                spans = reader.spans(opened, file.size, target)
        except OSError as error:
            raise InputError(f"the input {file.url} cannot be opened", found=str(error)) from error
        for span in spans:
            # A reader's spans ascend with its positions, and a span starts at or before its first position.
            splits.append(Split(len(splits), file, span, (file.ordinal << POSITION_BITS) | span.start))
    if not splits:
        raise InputError(
            "the inputs hold nothing that could be read",
            found=", ".join(file.url for file in files[:3]),
            remedy="Check the paths, and which files their readers take, such as `extensions` of image_folder",
        )
    return splits


def _expand(entry: InputModel, recipe: Recipe, folders: bool) -> list[tuple[str, str, dict[str, Any]]]:
    """The (url, name below the pattern's fixed part, fsspec info) of each file, or folder, that one entry names."""
    remote = "://" in entry.path
    pattern = entry.path if remote else str((recipe.path.parent / entry.path).resolve())
    try:
        system, path = url_to_fs(pattern)
        base, paths = _matches(system, path, folders)
        infos = [(each, system.info(each)) for each in sorted(paths)]
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"the input '{entry.path}' cannot be looked up", found=str(error)) from error
    kind = "directory" if folders else "file"
    found = [
        (system.unstrip_protocol(each) if remote else each, posixpath.relpath(each, base), info)
        for each, info in infos
        if info["type"] == kind
    ]
    if not found:
        raise InputError(
            f"the input '{entry.path}' names no {'folder' if folders else 'file'}",
            found=f"nothing at {pattern}",
            remedy=f"Relative paths are read from the recipe's folder, {recipe.path.parent.resolve()}",
        )
    return found


def _matches(system: Any, path: str, folders: bool) -> tuple[str, list[str]]:
    """What a path on a file system names: the fixed part above it, and the paths."""
    wild = [place for place, letter in enumerate(path) if letter in "*?["]
    if wild and not system.exists(path):
        return posixpath.dirname(path[: wild[0]]), system.glob(path)
    path = path.rstrip("/")
    if system.isdir(path) and not folders:
        return path, [name for name, _ in files_below(system, path)]
    return posixpath.dirname(path), [path] if system.exists(path) else []


def _default_reader(url: str, recipe: Recipe, index: int) -> PluginSpec:
    name = posixpath.basename(url).lower()
    for reader, patterns in _default_patterns().items():
        if any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
            return PluginSpec(READERS, reader, "{}", str(recipe.path.parent.resolve()))
    raise RecipeError(
        f"{recipe.path}, 'inputs.{index}': no reader takes a file of this name",
        found=url,
        expected=" or ".join(pattern for patterns in _default_patterns().values() for pattern in patterns),
        remedy=f"Name one: 'reader: ...'. {did_you_mean('', READERS.names())}",
    )


@cache
def _default_patterns() -> dict[str, tuple[str, ...]]:
    """The file names of which each reader is the default."""
    return {name: READERS.load(name).patterns for name in READERS.names()}


def _identity(info: dict[str, Any]) -> tuple[int, str]:
    """A file's size, and what tells that it changed."""
    size = int(info["size"])
    for key in ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified"):
        if info.get(key):
            return size, f"{size}:{info[key]}"
    return size, f"{size}"


def _folder_identity(reader: PluginSpec, url: str) -> tuple[int, str]:
    """The size of a folder's files, and a digest of its listing, which tells their names, sizes and times."""
    system, path = url_to_fs(url)
    return sum(int(info["size"] or 0) for _, info in files_below(system, path)), _content_digest(reader, url)


def _content_digest(reader: PluginSpec, url: str) -> str:
    plugin: Reader = reader.load()
    digest = hashlib.sha256()
    with plugin.open(url) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
