"""From a kernel's function to machine code; the one file that imports numba, and that knows its ways."""

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import FunctionType
from typing import Any, cast

import numba

from .compile import Device, Intrinsic
from .entry import compile_entry
from .machine_code import joined
from .types import Argument, Array, NamedTuple, Scalar, Signature

# numba counts references to arrays even in inlined functions, atomically, which costs ten times the work itself.
# Without its runtime there is nothing to count; kernels then cannot allocate, so they are given their scratch space.
# The machine code is called as it is (see `machine_code`), and wrappers would cost a fifth more time to compile.
OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}

_NUMBAS_OWN = re.compile(rb"\0((?:numba|NRT)_\w+)")
"""Names in an object file of what numba's runtime has."""


def compile_kernel(function: Callable[..., Any], signature: Signature) -> bytes:
    """Compile a function and the way into it: the object files, `machine_code.joined`.

    Raises:
        numba.core.errors.NumbaError: It is not in the subset of Python that numba compiles.
        TypeError: It needs numba when it is called, as `reshape` does.
    """
    dispatcher: Any = numba.njit(**OPTIONS)(_compilable(function))
    arguments = tuple(map(_numba_type, signature.arguments))
    result = numba.types.void if signature.result is None else _numba_type(signature.result)
    with _uncollected():
        compiled = dispatcher._compiler.compile(arguments, result)
    code: bytes = compiled.library._get_compiled_object()
    if missing := _NUMBAS_OWN.findall(code):
        names = b", ".join(missing).decode()
        raise TypeError(f"{function.__name__} calls {names} of numba, which is not there where a kernel is loaded")
    return joined(compile_entry(compiled.fndesc.llvm_func_name, signature), code)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles: a tenth of the time goes into its looks at what the compiler still needs."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@cache
def _inlined(device: Device[..., Any]) -> Any:
    return numba.njit(forceinline=True, **OPTIONS)(_compilable(device.function))


def _compilable(function: Callable[..., Any]) -> FunctionType:
    """The function with what it calls as numba takes it."""
    plain = cast(FunctionType, function)
    names = {name: plain.__globals__[name] for name in plain.__code__.co_names if name in plain.__globals__}
    known = {"__name__": plain.__module__, **{name: _callable(value) for name, value in names.items()}}
    copy = FunctionType(plain.__code__, known, plain.__name__, plain.__defaults__)
    copy.__module__, copy.__qualname__ = plain.__module__, plain.__qualname__
    return copy


def _callable(value: Any) -> Any:
    if isinstance(value, Device):
        return _inlined(value)
    return value.load() if isinstance(value, Intrinsic) else value


def _numba_type(argument: Argument) -> Any:
    if isinstance(argument, Scalar):
        return getattr(numba.types, argument.name)
    if isinstance(argument, Array):
        return numba.types.Array(_numba_type(argument.item), argument.dimensions, "C", readonly=argument.readonly)
    return _named_tuple(argument)


def _named_tuple(argument: NamedTuple) -> Any:
    arrays = tuple(map(_numba_type, argument.arrays))
    return numba.types.NamedTuple(arrays, argument.python_class)  # type: ignore[no-untyped-call]
