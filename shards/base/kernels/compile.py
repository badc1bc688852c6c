"""The two decorators of every compiled function: `kernel`, called from Python, and `device`, called from kernels.

A kernel declares its signature and is compiled, or loaded from the cache, at its first call or by `warmup`: never at
import, so that a command's help stays instant and a progress bar can be shown over the compilation. Kernels
release the interpreter lock and start no threads of their own: the executor decides how many run.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar, cast

import numba
from numba import types
from numba.core.typing.templates import Signature

from .cache import LayeredCache

# numba counts references to arrays even in inlined functions, atomically, which costs ten times the work itself.
# Without its runtime there is nothing to count; kernels then cannot allocate, so they are given their scratch space.
_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False}

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Compilation:
    """How a kernel became machine code: `seconds` it took, and whether it was `loaded` from the cache."""

    name: str
    seconds: float
    loaded: bool


class Kernel(Generic[P, R]):
    """A compiled function with one signature; calling it calls the machine code.

    Args:
        function: The function in the subset of Python that numba compiles.
        signature: The types of its arguments and of its result.
    """

    def __init__(self, function: Callable[P, R], signature: Signature) -> None:
        self.name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        self._signature = signature
        self._dispatcher = numba.njit(**_OPTIONS)(function)
        # What `cache=True` does, with a cache of ours in the place of numba's.
        self._dispatcher._cache = LayeredCache(function)
        self._compiled = False

    def compile(self) -> Compilation:
        """Make machine code of it, unless that has been done."""
        began = time.perf_counter()
        if not self._compiled:
            self._dispatcher.compile(self._signature)
            self._dispatcher.disable_compile()
            self._compiled = True
        loaded = bool(self._dispatcher.stats.cache_hits)
        return Compilation(self.name, time.perf_counter() - began, loaded)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it."""
        if not self._compiled:
            self.compile()
        return cast(R, self._dispatcher(*args, **kwargs))


_KERNELS: list[Kernel[..., Any]] = []


def kernel(signature: Signature) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Make a kernel of a function: `@kernel(types.void(reads(types.uint8), writes(types.int64)))`."""

    def make(function: Callable[P, R]) -> Kernel[P, R]:
        made = Kernel(function, signature)
        _KERNELS.append(made)
        return made

    return make


def imported_kernels() -> tuple[Kernel[..., Any], ...]:
    """The kernels of every module that was imported so far: after a recipe was loaded, those that its stages call."""
    return tuple(_KERNELS)


def device(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function callable from kernels, inlined where it is called."""
    return cast(Callable[P, R], numba.njit(forceinline=True, **_OPTIONS)(function))


def reads(dtype: Any, dimensions: int = 1) -> Any:
    """The type of a contiguous array that a kernel only reads, such as a view of an Arrow buffer."""
    return types.Array(dtype, dimensions, "C", readonly=True)


def writes(dtype: Any, dimensions: int = 1) -> Any:
    """The type of a contiguous array that a kernel fills."""
    return types.Array(dtype, dimensions, "C")
