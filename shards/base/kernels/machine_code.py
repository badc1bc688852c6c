"""Machine code that numba made, loaded and called without numba.

numba's calling convention (`numba.core.callconv.CPUCallConv`): `int32 function(result *, exception **, arguments...)`,
where an array is seven arguments or more: two owners, which may be null, its size, the bytes of an item, the address,
and for each dimension its length, then for each its stride in bytes. A named tuple is its items. What it returns is 0
unless an exception was raised, and kernels raise none. Python calls the kernel's `entry`, which makes them.
"""

import ctypes
from collections.abc import Callable
from functools import partial
from operator import index
from struct import Struct
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np

from .types import Array, NamedTuple, Scalar, Signature

ENTRY = "headrace_entry"
"""What the entry's machine code is called."""

_NUMBERS: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
    "int64": (ctypes.c_int64, "q", index),
    "float64": (ctypes.c_double, "d", float),
}
"""The numbers that are arguments or results: for ctypes, for struct, from Python. All others lie in arrays."""

_SIZE = 8
"""Bytes of the length of the entry's object file."""

_CALL = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_char_p)
"""An entry; the interpreter's lock is released while it runs."""


class MachineCode:
    """A loaded kernel.

    Args:
        name: The kernel's, for errors.
        signature: The types of its arguments and of its result.
        code: Its object files, from `joined`.
    """

    def __init__(self, name: str, signature: Signature, code: bytes) -> None:
        self._name = name
        self._result = _NUMBERS["int64" if signature.result is None else signature.result.name][0]
        self._returns = signature.result is not None
        self._nested = any(isinstance(each, NamedTuple) for each in signature.arguments)
        words = [_word(name, each) for each in signature.flat()]
        self._words = [made for _, made in words]
        self._block = Struct("P" + "".join(letter for letter, _ in words))
        self._engine = _engine(code)
        self._entry = _CALL(self._engine.get_function_address(ENTRY))

    def __call__(self, *arguments: Any) -> Any:
        """Call it.

        Raises:
            TypeError: The arguments are not of the signature's types.
        """
        values = arguments
        if self._nested:
            values = tuple(item for each in arguments for item in (each if isinstance(each, tuple) else (each,)))
        if len(values) != len(self._words):
            raise TypeError(f"{self._name} takes {len(self._words)} arguments, not {len(values)}")
        words = [made(value) for made, value in zip(self._words, values, strict=True)]
        result = self._result()
        if self._entry(self._block.pack(ctypes.addressof(result), *words)):
            raise RuntimeError(f"{self._name} raised an exception, which kernels must not")
        return result.value if self._returns else None


def joined(entry: bytes, kernel: bytes) -> bytes:
    """The object files of a kernel as one."""
    return len(entry).to_bytes(_SIZE, "little") + entry + kernel


def _word(name: str, kind: Scalar | Array) -> tuple[str, Callable[[Any], Any]]:
    """What a word of the entry's block is for `struct`, and what makes it of an argument."""
    return ("P", partial(_address, name, kind)) if isinstance(kind, Array) else _NUMBERS[kind.name][1:]


def _address(name: str, wanted: Array, value: Any) -> int:
    """The address of an array, if its memory is what machine code was compiled for."""
    if (
        not isinstance(value, np.ndarray)
        or value.dtype != wanted.dtype
        or value.ndim != wanted.dimensions
        or not (flags := value.flags).c_contiguous
        or not (wanted.readonly or flags.writeable)
    ):
        found = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
        raise TypeError(
            f"{name} got {found}; expected a contiguous array of {wanted.dtype} with "
            f"{wanted.dimensions} dimension(s){'' if wanted.readonly else ' that may be written'}"
        )
    return id(value)


def machine() -> str:
    """What machine code is made for: the processor and its abilities."""
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"


def _engine(code: bytes) -> Any:
    """An engine of LLVM that holds what was `joined`; the code lives as long as it does."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    end = _SIZE + int.from_bytes(code[:_SIZE], "little")
    for each in (code[_SIZE:end], code[end:]):
        engine.add_object_file(llvm.ObjectFileRef.from_data(each))
    engine.finalize_object()
    return engine
