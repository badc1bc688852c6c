"""The simple form of a filter, a function of one record, made into the batch form."""

import inspect
from collections.abc import Callable
from dataclasses import field, fields, make_dataclass
from typing import Any, get_type_hints

import numpy as np

from headrace.shards.base.errors import PluginError

from ..batch import Batch
from .base import KEEP, Drop, Filter, Verdicts, records_of


def filter_class(function: Callable[..., Any], reasons: tuple[str, ...], reads: str, version: int) -> type[Filter]:
    """A `Filter` whose parameters are the keyword arguments of `function` and whose verdicts are its results.

    Raises:
        PluginError: No reason is declared, or an argument other than the record has no default.
    """
    name = getattr(function, "__name__", "filter")
    if not reasons:
        raise PluginError(f"the filter {name} declares no reason", remedy="Write @record_filter('too_short')")
    parameters = list(inspect.signature(function).parameters.values())[1:]
    hints = get_type_hints(function)
    missing = [each.name for each in parameters if each.default is inspect.Parameter.empty]
    if missing:
        raise PluginError(
            f"the filter {name} has parameters without a default",
            found=", ".join(missing),
            remedy="Give every argument but the record a default: a recipe may leave it out",
        )

    def judge(self: Filter, batch: Batch) -> Verdicts:
        arguments = {each.name: getattr(self, each.name) for each in fields(self)}
        rule = np.full(batch.num_rows, KEEP, np.int16)
        value, threshold = np.full(batch.num_rows, np.nan), np.full(batch.num_rows, np.nan)
        for row, record in enumerate(records_of(batch)):
            drop = function(record, **arguments)
            if drop is None:
                continue
            if not isinstance(drop, Drop):
                raise PluginError(
                    f"the filter {name} returned what is no verdict",
                    found=repr(drop),
                    expected="None to keep the record, or Drop(reason, value)",
                )
            if drop.reason not in reasons:
                raise PluginError(
                    f"the filter {name} gave a reason that it does not declare",
                    found=drop.reason,
                    expected=" or ".join(reasons),
                )
            rule[row], value[row], threshold[row] = reasons.index(drop.reason), drop.value, drop.threshold
        return Verdicts(rule, value, threshold)

    made: type[Filter] = make_dataclass(
        name,
        [(each.name, hints.get(each.name, Any), field(default=each.default)) for each in parameters],
        bases=(Filter,),
        namespace={
            "judge": judge,
            "reasons": property(lambda self: reasons),
            "reads": reads,
            "version": version,
            "__doc__": function.__doc__,
        },
        frozen=True,
    )
    # From Python 3.12 on `make_dataclass` names the module it is called from, whatever the namespace says.
    made.__module__ = function.__module__
    return made
