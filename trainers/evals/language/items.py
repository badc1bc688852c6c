"""Items of multiple choice, as JSONL: `{"context": "...", "choices": ["...", "..."], "answer": 0}`, one a line."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace.shards.base.errors import InputError
from headrace.shards.format.transfer import fetch

_EXPECTED = '{"context": "a text, or none", "choices": ["two texts", "or more"], "answer": 0}, counted from 0'


@dataclass(frozen=True)
class Item:
    """One item.

    Args:
        context: What stands before every choice.
        choices: What may follow.
        answer: Which of them is right, from 0.
    """

    context: str
    choices: tuple[str, ...]
    answer: int


@dataclass(frozen=True)
class Items:
    """A file of items.

    Args:
        place: The file, or its URL.
        items: What it holds, in its order.
        sha256: Of the file, in hexadecimal.
    """

    place: str
    items: tuple[Item, ...]
    sha256: str


def read_items(place: str) -> Items:
    """The items of a file, which any fsspec URL may name.

    Raises:
        InputError: The file cannot be read, or a line of it is no item.
    """
    try:
        data = fetch(place)
    # fsspec raises the last two for a protocol that is unknown, or whose package is not installed.
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"the items {place} cannot be read", found=str(error), expected="a JSONL file") from error
    lines = [(number, line) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
    if not lines:
        raise InputError(f"{place} holds no items", expected=_EXPECTED)
    items = tuple(_item(line, f"line {number} of {place}") for number, line in lines)
    return Items(place, items, hashlib.sha256(data).hexdigest())


def _item(line: bytes, place: str) -> Item:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place} is not JSON", found=str(error), expected=_EXPECTED) from error
    fault = _fault(values)
    if fault:
        raise InputError(f"{place} is no item of multiple choice", found=fault, expected=_EXPECTED)
    return Item(values["context"], tuple(values["choices"]), values["answer"])


def _fault(values: Any) -> str:
    """What is wrong with an item; "" where nothing is."""
    if not isinstance(values, Mapping):
        return f"a {type(values).__name__}"
    if lacking := sorted({"context", "choices", "answer"} - values.keys()):
        return f"no {', no '.join(lacking)}"
    context, choices, answer = values["context"], values["choices"], values["answer"]
    if not isinstance(context, str):
        return f"a context that is a {type(context).__name__}"
    if not isinstance(choices, list) or len(choices) < 2 or not all(isinstance(each, str) and each for each in choices):
        return f"the choices {choices!r}"
    if not isinstance(answer, int) or isinstance(answer, bool) or not 0 <= answer < len(choices):
        return f"the answer {answer!r} to {len(choices)} choices"
    return ""
