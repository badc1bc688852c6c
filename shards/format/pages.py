r"""The layout of a token shard: a tar whose samples are pages of one long row of tokens.

The tokens of a shard's documents stand one after the other and are cut into pages of equal length, the last one
shorter. A document may begin in one page and end in a later one, but never crosses a shard. A page is the sample
`NNNN` (its number) with three fields:

    tokens.npy  uint16 or uint32 [tokens]   the page's tokens, from byte 128 of the field on
    ends.npy    int64 [documents]           where the documents that end in this page end, counted from the page's
                                            first token, exclusive; never falling. A document begins where the one
                                            before ended, and an empty document ends where it begins.
    meta.jsonl  one line of JSON for each of these documents, in the same order

So document i of a shard holds the tokens from end i-1 to end i, ends counted from the shard's first token. What
separates documents (an end-of-text token, say) is among the tokens, put there by whoever made them.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..base.errors import ShardError
from . import npy

TOKENS, ENDS, META = FIELDS = ("tokens.npy", "ends.npy", "meta.jsonl")
PAGE_TOKENS = 1 << 20

Tokens = NDArray[np.uint16] | NDArray[np.uint32]


def token_dtype(vocabulary: int) -> Literal["uint16", "uint32"]:
    """The type of the tokens of a vocabulary of that size."""
    return "uint16" if vocabulary <= 1 << 16 else "uint32"


def page_key(number: int) -> str:
    """The key of a page, by its number from 0."""
    return f"{number:04d}"


def pack(tokens: Tokens, ends: NDArray[np.int64], metas: list[bytes]) -> dict[str, bytes]:
    """The fields of a page; `metas` are lines without their newline."""
    return {TOKENS: npy.dump(tokens), ENDS: npy.dump(ends), META: b"".join(line + b"\n" for line in metas)}


def meta_line(meta: Mapping[str, Any]) -> bytes:
    """A document's metadata as one line of JSON, keys sorted.

    Raises:
        ShardError: It holds what JSON cannot, such as bytes or NaN.
    """
    try:
        text = json.dumps(meta, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise ShardError("a document's metadata cannot be written as JSON", found=str(error)) from error
    # Half a surrogate pair has no UTF-8; what this writes for it is the escape that JSON has for it.
    return text.encode("utf-8", "backslashreplace")


def unpack_tokens(data: bytes, dtype: str, what: str) -> Tokens:
    """The tokens of a page.

    Raises:
        ShardError: They are not one row of that type.
    """
    tokens: Tokens = npy.load(data, what)
    if tokens.ndim != 1 or tokens.dtype != dtype or len(data) != npy.HEADER + tokens.nbytes:
        raise ShardError(f"{what} is no page of tokens", found=f"{tokens.dtype} {tokens.shape}", expected=dtype)
    return tokens


def unpack_ends(data: bytes, tokens: int, what: str) -> NDArray[np.int64]:
    """The document ends of a page of that many tokens.

    Raises:
        ShardError: They fall, lie outside the page, or are no row of int64.
    """
    ends: NDArray[np.int64] = npy.load(data, what)
    bounds = np.concatenate(([0], ends.ravel(), [tokens]))
    if ends.ndim != 1 or ends.dtype != np.int64 or (np.diff(bounds) < 0).any():
        raise ShardError(f"{what} holds no document ends", expected=f"int64, rising from 0 to {tokens:,}")
    return ends


def unpack_meta(data: bytes) -> list[dict[str, Any]]:
    """The metadata of a page's documents."""
    return [json.loads(line) for line in data.splitlines()]
