"""Tables for kernels that take long to make: made once, then read from beside the compiled kernels."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zipfile import BadZipFile

import numpy as np

from .cache import cache_directories, digest_of_sources, is_trusted, keep

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Tables = TypeVar("Tables", bound="DataclassInstance")


def kept_tables(kind: type[Tables], make: Callable[[], Tables], *made_of: str | Path) -> Tables:
    """The tables that `make` returns, read from where they were kept if nothing that they are made of has changed.

    Args:
        kind: Their class, all of whose fields are arrays.
        make: Makes them.
        made_of: What else than the source files beside `make` decides what it makes: versions, and directories of
            further source files.
    """
    source = Path(make.__code__.co_filename)
    parts = (digest_of_sources(each) if isinstance(each, Path) else each for each in (source.parent, *made_of))
    stamp = hashlib.sha256(" ".join(parts).encode()).hexdigest()[:32]
    name, directories = f"{kind.__name__}-{stamp}.npz", cache_directories(source)
    for directory in directories:
        if (found := _read(directory / name, kind)) is not None:
            return found
    tables, content = make(), io.BytesIO()
    np.savez(content, **vars(tables))
    if written := keep(directories, name, content.getbuffer()):
        for former in written.parent.glob(f"{kind.__name__}-*"):
            if not former.name.startswith(name):
                former.unlink(missing_ok=True)
    return tables


def _read(path: Path, kind: type[Tables]) -> Tables | None:
    """What was kept there; None where nothing is, or not what was written (the format has checksums)."""
    try:
        if not is_trusted(path.parent):
            return None
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found: dict[str, Any] = {field.name: arrays[field.name] for field in fields(kind)}
            return kind(**found)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
