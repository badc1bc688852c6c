"""Compiling kernels before workers start, with a progress bar over what takes long the first time."""

import time
from typing import Any

from headrace.shards.base.kernels.compile import Kernel, imported_kernels
from headrace.shards.base.progress import progress

from .kernels.warmup import all_kernels, compile_each


def compile_for_recipe() -> float:
    """Compile the kernels that a recipe's stages have imported, or load them; the seconds it took."""
    return _compile(imported_kernels())


def compile_everything() -> float:
    """Compile every kernel and lay out the language model; the seconds it took."""
    from .kernels.language_model import language_model

    start = time.perf_counter()
    _compile(all_kernels())
    language_model()
    return time.perf_counter() - start


def _compile(kernels: tuple[Kernel[..., Any], ...]) -> float:
    start = time.perf_counter()
    with progress("compile kernels", total=len(kernels)) as advance:
        for compiled in compile_each(kernels):
            advance(note=compiled.name)
    return time.perf_counter() - start
