"""Compiling the kernels before workers start, with a progress bar over what takes long the first time."""

import time

from headrace.shards.base.progress import progress

from .kernels.warmup import KERNELS, compile_each


def compile_kernels() -> float:
    """Compile every kernel, or load it from the cache; the seconds it took."""
    start = time.perf_counter()
    with progress("compile kernels", total=len(KERNELS)) as advance:
        for compiled in compile_each():
            advance(note=compiled.name)
    return time.perf_counter() - start
