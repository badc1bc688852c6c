"""Kernels as machine code before work starts: compiled once by the parent, then loaded by every worker."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from .compile import Compilation, Kernel, imported_kernels


def all_kernels() -> tuple[Kernel[..., Any], ...]:
    """Every kernel of this package."""
    package = importlib.import_module(__package__ or "")
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
    return imported_kernels()


def compile_each(kernels: tuple[Kernel[..., Any], ...]) -> Iterator[Compilation]:
    """Compile or load one kernel after the other."""
    for kernel in kernels:
        yield kernel.compile()


def compile_all() -> list[Compilation]:
    """Compile or load every kernel of this package."""
    return list(compile_each(all_kernels()))
