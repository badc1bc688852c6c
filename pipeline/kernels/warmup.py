"""Kernels as machine code before work starts: compiled once by the parent, then loaded by every worker."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from headrace.shards.base.kernels.compile import Compilation, Kernel, imported_kernels

_PACKAGES = (__package__ or "", "headrace.shards.base.images", "headrace.shards.format.kernels")


def all_kernels() -> tuple[Kernel[..., Any], ...]:
    """Every kernel: those of this package, and those that read shards and pictures."""
    for package in map(importlib.import_module, _PACKAGES):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return imported_kernels()


def compile_each(kernels: tuple[Kernel[..., Any], ...]) -> Iterator[Compilation]:
    """Compile or load one kernel after the other."""
    for kernel in kernels:
        yield kernel.compile()


def compile_all() -> list[Compilation]:
    """Compile or load every kernel."""
    return list(compile_each(all_kernels()))
