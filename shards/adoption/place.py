"""Where an adopted set lies: the tars' common folder, their names below it, and the folder of what is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ..base.errors import ManifestError, UsageError
from ..format.manifest import Folder, Manifest, manifest_url
from ..format.shard_list import FileName
from ..format.transfer import fetch
from ..format.urls import local_path
from .listing import Tar


@dataclass(frozen=True)
class Place:
    """Where things lie.

    Args:
        folder: Of the manifest and the indices.
        tars: What the manifest says of where the tars lie; None where that is its own folder.
        names: Of the tars, relative to where they lie.
    """

    folder: str
    tars: str | None
    names: tuple[str, ...]


def place_of(tars: Sequence[Tar], out: str | None) -> Place:
    """Where a set of tars lies, and what is written for it goes.

    Args:
        tars: At least one.
        out: The folder for what is written; None: that of the tars.

    Raises:
        UsageError: The tars have no folder in common, a manifest could not name them, or nothing can be written
            beside them.
    """
    common, names = _common([tar.url for tar in tars])
    _check_names(common, names)
    local = local_path(common)
    if out is None:
        if common.startswith(("http://", "https://")):
            raise UsageError(
                f"nothing can be written beside the tars in {common}", remedy="Give a folder for it with --out"
            )
        return Place(common, None, names)
    if local is not None:
        if local_path(out) is None:
            raise UsageError(
                f"a manifest in {out} cannot lead to tars on this machine",
                found=common,
                remedy="Copy the tars there first, and index them there",
            )
        common = str(local.resolve())
        if str((local_path(out) or local).resolve()) == common:
            return Place(out, None, names)
    elif out.rstrip("/") == common:
        return Place(out, None, names)
    try:
        TypeAdapter(Folder).validate_python(common)
    except ValidationError as error:
        raise UsageError(f"a manifest cannot lead to {common}", expected="a plain path or URL") from error
    return Place(out, common, names)


def refuse_to_overwrite(folder: str) -> None:
    """Refuse a folder in which another command's manifest lies.

    Raises:
        UsageError: There is one.
    """
    place = manifest_url(folder)
    try:
        fetch(place)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        manifest = Manifest.load(place)
    except ManifestError as error:
        raise UsageError(
            f"{place} is there already", found=str(error), remedy="Remove it, or choose another folder with --out"
        ) from error
    if not manifest.adopted:
        raise UsageError(
            f"{place} is there already, and not from `headrace index`",
            found="shards that have their indices",
            remedy="Stream them as they are; `headrace verify` checks them",
        )


def _common(urls: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The folder above all files, and their names below it."""
    absolute = any(url.startswith("/") for url in urls)
    if absolute:
        urls = [url if "://" in url else str(Path(url).absolute()) for url in urls]
    parts = [url.split("/") for url in urls]
    shared = 0
    while all(len(each) > shared + 1 and each[shared] == parts[0][shared] for each in parts):
        shared += 1
    names = tuple("/".join(each[shared:]) for each in parts)
    start = "/".join(parts[0][:shared])
    if (any("://" in url for url in urls) and shared < 3) or (shared == 0 and not _relative(names)):
        raise UsageError(
            "the tars have no folder in common",
            found=", ".join(urls[:: max(1, len(urls) - 1)]),
            remedy="Index each place on its own; a stream can mix several sets",
        )
    return start or ("/" if absolute else "."), names


def _relative(names: Sequence[str]) -> bool:
    return not any(name.startswith("../") for name in names)


def _check_names(common: str, names: Sequence[str]) -> None:
    check = TypeAdapter(FileName)
    for name in names:
        try:
            check.validate_python(name)
        except ValidationError:
            raise UsageError(
                f"a manifest cannot name this tar: {name!r} in {common}",
                expected="UTF-8, no part that is hidden or '..', no ':' and no backslash",
                remedy="Give the tar another name",
            ) from None
