"""Sizes in bytes, as people write them."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


def parse_bytes(value: Any) -> Any:
    """`256MB`, `1 GiB` or a plain number, in bytes.

    Raises:
        ValueError: It is a text, but none of these.
    """
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", value)
    if match is None or match[2].upper() not in _UNITS:
        raise ValueError(f"a size such as 256MB or 1GiB, not '{value}'")
    return int(float(match[1]) * _UNITS[match[2].upper()])


Bytes = Annotated[int, "size", BeforeValidator(parse_bytes), Field(gt=0)]
"""The type of a parameter that is a size."""
