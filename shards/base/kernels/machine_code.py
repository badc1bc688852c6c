"""Machine code that numba made, loaded and called without numba.

numba's calling convention (`numba.core.callconv.CPUCallConv`): `int32 function(result *, exception **, arguments...)`,
where an array is seven arguments or more: two owners, which may be null, its size, the bytes of an item, the address,
and for each dimension its length, then for each its stride in bytes. A named tuple is its items. What it returns is 0
unless an exception was raised, and kernels raise none.
"""

import ctypes
from collections.abc import Iterator, Sequence
from operator import index
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np

from .types import Array, Scalar, Signature

_NUMBERS: dict[str, Any] = {"int64": ctypes.c_int64, "float64": ctypes.c_double}
"""The numbers that are arguments or results: all others lie in arrays."""


class MachineCode:
    """A loaded kernel.

    Args:
        name: The kernel's, for errors.
        signature: The types of its arguments and of its result.
        symbol: The name of its machine code.
        code: The object file that holds it.
    """

    def __init__(self, name: str, signature: Signature, symbol: str, code: bytes) -> None:
        self._name, self._types = name, tuple(signature.flat())
        self._result = ctypes.c_int64 if signature.result is None else _NUMBERS[signature.result.name]
        self._returns = signature.result is not None
        self._engine = _engine(code)
        # Released while it runs, as a `CDLL` does: the interpreter lock.
        prototype = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *_flat_types(self._types))
        self._function = prototype(self._engine.get_function_address(symbol))

    def __call__(self, *arguments: Any) -> Any:
        """Call it.

        Raises:
            TypeError: The arguments are not of the signature's types.
        """
        values = [item for each in arguments for item in (each if isinstance(each, tuple) else (each,))]
        if len(values) != len(self._types):
            raise TypeError(f"{self._name} takes {len(self._types)} arguments, not {len(values)}")
        flat: list[Any] = []
        for value, wanted in zip(values, self._types, strict=True):
            if isinstance(wanted, Scalar):
                flat.append(float(value) if wanted.name == "float64" else index(value))
            else:
                self._check(value, wanted)
                flat += (None, None, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides)
        result, failure = self._result(), ctypes.c_void_p()
        if self._function(ctypes.addressof(result), ctypes.addressof(failure), *flat):
            raise RuntimeError(f"{self._name} raised an exception, which kernels must not")
        return result.value if self._returns else None

    def _check(self, value: Any, wanted: Array) -> None:
        """See to it that machine code gets the memory that it was compiled for."""
        if (
            not isinstance(value, np.ndarray)
            or value.dtype != wanted.dtype
            or value.ndim != wanted.dimensions
            or not (flags := value.flags).c_contiguous
            or not (wanted.readonly or flags.writeable)
        ):
            found = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
            raise TypeError(
                f"{self._name} got {found}; expected a contiguous array of {wanted.dtype} with "
                f"{wanted.dimensions} dimension(s){'' if wanted.readonly else ' that may be written'}"
            )


def machine() -> str:
    """What machine code is made for: the processor and its abilities."""
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"


def _engine(code: bytes) -> Any:
    """An engine of LLVM that holds an object file; the code lives as long as it does."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def _flat_types(types: Sequence[Scalar | Array]) -> Iterator[Any]:
    for each in types:
        if isinstance(each, Scalar):
            yield _NUMBERS[each.name]
        else:
            yield from (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)
            yield from [ctypes.c_int64] * (2 * each.dimensions)
