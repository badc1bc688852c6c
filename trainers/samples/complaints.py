"""Errors about parameters of views and masks that come from a call or the command line, not from a recipe's file."""

from typing import Any

from pydantic import ValidationError

from headrace.shards.base.complaints import expectation, gravest, is_unknown, keys_of
from headrace.shards.base.errors import UsageError
from headrace.shards.base.registry import did_you_mean


def complaint(refused: ValidationError, model: Any, nothing: str, expected: str) -> UsageError:
    """The first of pydantic's complaints about parameters as an error of ours.

    Args:
        refused: The complaints.
        model: The class whose parameters they are.
        nothing: What has no such parameter, where one is unknown: `no view`.
        expected: What the parameters are not, where one is wrong: `these are no views`.
    """
    detail = gravest(refused)
    keys = [step for step in detail["loc"] if isinstance(step, str)]
    where = ".".join(keys)
    if is_unknown(detail):
        known = keys_of(model, keys[:-1])
        return UsageError(f"{nothing} has a parameter '{where}'", remedy=did_you_mean(keys[-1], known))
    found = f"{where} = {detail['input']!r}" if where else repr(detail["input"])
    return UsageError(expected, found=found, expected=expectation(detail, model))
