"""Objects travel to processes that were started afresh; the class of one of a user's file is found by its path."""

from pathlib import Path
from typing import Any

from .registry import file_of, import_file


class Travelling:
    """A base of plug-ins that worker processes are given."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        """As usual, but a class of a user's file is found by its path: a new process has not imported it."""
        name = file_of(type(self))
        return super().__reduce_ex__(protocol) if name is None else (_blank, (name,), self.__dict__)


def _blank(name: str) -> object:
    place, _, attribute = name.rpartition(":")
    kind: type = getattr(import_file(Path(place)), attribute)
    return object.__new__(kind)
