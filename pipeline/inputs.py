"""Inputs: the files a recipe's paths name, in an order of their own, cut into splits."""

import fnmatch
import hashlib
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fsspec.core import url_to_fs

from headrace.shards.base.errors import InputError, RecipeError
from headrace.shards.base.registry import did_you_mean

from .fingerprint import fingerprint
from .plugin import PluginSpec
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
    return [
        InputFile(ordinal, each.name, each.source, each.url, each.size, each.identity, each.reader)
        for ordinal, each in enumerate(found)
    ]


def split_inputs(files: Sequence[InputFile], target: int) -> list[Split]:
    """Cut the inputs into splits of about `target` bytes, in the order of their records' numbers."""
    splits: list[Split] = []
    for file in files:
        reader: Reader = file.reader.load()
        with reader.open(file.url) as opened:
            spans = reader.spans(opened, file.size, target)
        for span in spans:
            # A reader's spans ascend with its positions, and a span starts at or before its first position.
            splits.append(Split(len(splits), file, span, (file.ordinal << POSITION_BITS) | span.start))
    return splits


def _expand(entry: InputModel, recipe: Recipe, folders: bool) -> list[tuple[str, str, dict[str, Any]]]:
    """The (url, name below the pattern's fixed part, fsspec info) of each file, or folder, that one entry names."""
    pattern = entry.path
    if "://" not in pattern:
        pattern = str((recipe.path.parent / pattern).resolve())
    system, path = url_to_fs(pattern)
    if any(letter in path for letter in "*?["):
        base = posixpath.dirname(path[: min(path.find(letter) for letter in "*?[" if letter in path)])
        paths = system.glob(path)
    elif folders:
        base, paths = posixpath.dirname(path.rstrip("/")), [path.rstrip("/")] if system.isdir(path) else []
    elif system.isdir(path):
        base, paths = path.rstrip("/"), system.find(path)
    else:
        base, paths = posixpath.dirname(path), [path] if system.exists(path) else []
    if not paths:
        raise InputError(
            f"the input '{entry.path}' names no {'folder' if folders else 'file'}",
            found=f"nothing at {pattern}",
            remedy="Relative paths are read from the recipe's folder; give inputs.0.path=... to use another",
        )
    infos = [(each, system.info(each)) for each in sorted(paths)]
    return [
        (system.unstrip_protocol(each) if "://" in pattern else each, posixpath.relpath(each, base), info)
        for each, info in infos
        if info["type"] == ("directory" if folders else "file")
    ]


def _default_reader(url: str, recipe: Recipe, index: int) -> PluginSpec:
    name = posixpath.basename(url).lower()
    known: list[str] = []
    for candidate in READERS.names():
        patterns = READERS.load(candidate).patterns
        known.extend(patterns)
        if any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
            return PluginSpec(READERS, candidate, "{}", str(recipe.path.parent.resolve()))
    raise RecipeError(
        f"{recipe.path}, 'inputs.{index}': no reader takes a file of this name",
        found=name,
        expected=" or ".join(known),
        remedy=f"Name one: 'reader: ...'. {did_you_mean('', READERS.names())}",
    )


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
    return int(system.du(path)), _content_digest(reader, url)


def _content_digest(reader: PluginSpec, url: str) -> str:
    plugin: Reader = reader.load()
    digest = hashlib.sha256()
    with plugin.open(url) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
