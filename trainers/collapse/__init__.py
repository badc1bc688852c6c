"""The watch over collapse: whether a network still tells its samples apart, and what to do where it does not."""

from .measures import NAMES
from .verdict import Verdict
from .watch import CollapseWatch

__all__ = ["NAMES", "CollapseWatch", "Verdict"]
