"""Kernels as machine code before work starts: compiled once by the parent, then loaded by every worker."""

import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

from headrace.shards.base.kernels.compile import Compilation, Kernel, imported_kernels

GROUP = "headrace.kernels"
"""The entry points that name packages all of whose modules hold kernels, or single modules."""


def all_kernels() -> tuple[Kernel[..., Any], ...]:
    """Every kernel that is installed, whoever calls it."""
    for point in entry_points(group=GROUP):
        package = importlib.import_module(point.value)
        for module in pkgutil.iter_modules(getattr(package, "__path__", ()), f"{package.__name__}."):
            importlib.import_module(module.name)
    return imported_kernels()


def compile_each(kernels: tuple[Kernel[..., Any], ...]) -> Iterator[Compilation]:
    """Compile or load one kernel after the other."""
    for kernel in kernels:
        yield kernel.compile()


def compile_all() -> list[Compilation]:
    """Compile or load every kernel."""
    return list(compile_each(all_kernels()))
