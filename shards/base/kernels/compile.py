"""The two decorators of every compiled function: `kernel`, called from Python, and `device`, called from kernels.

A kernel declares its signature and is compiled, or loaded from the cache, at its first call or by `warmup`: never at
import, so that a command's help stays instant and a progress bar can be shown over the compilation. Kernels
release the interpreter lock and start no threads of their own: the executor decides how many run.

The compiler, numba, is imported where something must be compiled and nowhere else (see `lowering`): what was compiled
before is loaded without it (`machine_code`), in a tenth of the time.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

from . import cache
from .machine_code import MachineCode
from .types import Signature, reads, writes

__all__ = ["Compilation", "Device", "Intrinsic", "Kernel", "device", "imported_kernels", "kernel", "reads", "writes"]

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
        self.function, self.signature = function, signature
        self._source = Path(function.__code__.co_filename)
        self._code: MachineCode | None = None
        self._loaded = False

    def compile(self) -> Compilation:
        """Make machine code of it, unless that has been done."""
        began = time.perf_counter()
        if self._code is None:
            kept = cache.load(self._source, self.name)
            self._loaded = kept is not None
            self._code = MachineCode(self.name, self.signature, kept or self._compiled())
        return Compilation(self.name, time.perf_counter() - began, self._loaded)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it; arguments are given by position.

        Raises:
            TypeError: They are not of the types of the signature.
        """
        if self._code is None:
            self.compile()
        result: R = self._code(*args, **kwargs)  # type: ignore[misc]  # made by `compile`
        return result

    def _compiled(self) -> bytes:
        from .lowering import compile_kernel

        compiled = compile_kernel(self.function, self.signature)
        cache.save(self._source, self.name, compiled)
        return compiled


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


@dataclass(frozen=True)
class Device(Generic[P, R]):
    """A function that kernels call; from Python it runs as Python."""

    function: Callable[P, R]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it, without compiling it."""
        return self.function(*args, **kwargs)


def device(function: Callable[P, R]) -> Device[P, R]:
    """Make a function callable from kernels, inlined where it is called."""
    return Device(function)


@dataclass(frozen=True)
class Intrinsic:
    """What kernels call of numba's own or of an extension of it: `module:name`, imported where a kernel is compiled."""

    name: str

    def load(self) -> Any:
        """The thing itself."""
        module, _, name = self.name.partition(":")
        return getattr(importlib.import_module(module), name)

    def __call__(self, *args: Any) -> Any:
        """There is nothing to call from Python.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{self.name} can be called from kernels alone")
