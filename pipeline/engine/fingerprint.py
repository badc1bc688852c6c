"""Fingerprints: what shaped an output, as one short string."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any


def fingerprint(*parts: Any) -> str:
    """32 hex digits of BLAKE2b over the parts' canonical JSON; dataclasses count with their class's name.

    Raises:
        TypeError: A part is neither JSON-able nor a dataclass of JSON-able fields.
    """
    text = json.dumps([_plain(part) for part in parts], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's contents, hexadecimal; read again only when its size or time has changed."""
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=256)
def _digest(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    # What knows its own fingerprint leaves out what does not shape it, such as the folder it happens to lie in.
    if hasattr(value, "fingerprint"):
        return value.fingerprint()
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__qualname__, {each.name: _plain(getattr(value, each.name)) for each in fields(value)}]
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
