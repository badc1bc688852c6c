"""A property that is computed once, without the lock of `functools.cached_property`.

Up to Python 3.11 that lock is one for all instances: while one shard's index is fetched, no other could be.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

Found = TypeVar("Found")


class remembered(Generic[Found]):
    """Computes a value when it is first asked for and keeps it in the `__dict__` of the instance.

    Threads that ask one instance at the same moment may compute the value twice.

    Args:
        compute: The method that computes it.
    """

    def __init__(self, compute: Callable[[Any], Found]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    def __get__(self, instance: Any, owner: type | None = None) -> Found:
        found = instance.__dict__[self._name] = self._compute(instance)
        return found
