"""The way from Python into a kernel, compiled beside it; imported where one is compiled.

What numba made takes an array as seven arguments or more (see `machine_code`), and to make each of them a C number
costs Python more than most kernels take on a small image. The entry takes the address of a block of words, one for each
argument as Python has it, and reads the rest from where numpy keeps it: the C structure of an array
(`PyArrayObject_fields`), which every extension module relies on, so numpy cannot change it.
"""

from collections.abc import Iterator
from typing import Any

from llvmlite import binding as llvm  # type: ignore[import-untyped]
from llvmlite import ir

from .machine_code import ENTRY
from .types import Array, Scalar, Signature

_STATUS, _WORD, _DOUBLE = ir.IntType(32), ir.IntType(64), ir.DoubleType()
_BYTES = 8
_DATA = object.__basicsize__
_DIMENSIONS, _STRIDES = _DATA + 2 * _BYTES, _DATA + 3 * _BYTES
"""Where the structure has the address of the memory, and those of the lengths and strides, one for each dimension."""


def compile_entry(symbol: str, signature: Signature) -> bytes:
    """The object file of the entry of a kernel, `int32 entry(block *)`.

    Its block has the address of the kernel's result, then a word for each argument: a number, or the address of an
    array's Python object.

    Args:
        symbol: The name of the kernel's machine code.
        signature: The types of its arguments.
    """
    module = ir.Module()
    module.triple = llvm.get_default_triple()
    entry = ir.Function(module, ir.FunctionType(_STATUS, [_WORD]), ENTRY)
    builder = ir.IRBuilder(entry.append_basic_block())
    (block,) = entry.args
    exception = builder.ptrtoint(builder.alloca(_WORD), _WORD)
    arguments = [_load(builder, block, 0), exception]
    for number, kind in enumerate(signature.flat(), start=1):
        arguments += _passed(builder, block, number * _BYTES, kind)
    kernel = ir.Function(module, ir.FunctionType(_STATUS, [each.type for each in arguments]), symbol)
    builder.ret(builder.call(kernel, arguments))
    machine = llvm.Target.from_default_triple().create_target_machine(reloc="pic", codemodel="jitdefault")
    code: bytes = machine.emit_object(llvm.parse_assembly(str(module)))
    return code


def _passed(builder: Any, block: Any, offset: int, kind: Scalar | Array) -> Iterator[Any]:
    """What the kernel gets for a word of the block."""
    if isinstance(kind, Scalar):
        yield _load(builder, block, offset, _DOUBLE if kind.name == "float64" else _WORD)
        return
    array = _load(builder, block, offset)
    lengths, strides = (
        [_load(builder, start, axis * _BYTES) for axis in range(kind.dimensions)]
        for start in (_load(builder, array, _DIMENSIONS), _load(builder, array, _STRIDES))
    )
    size = _WORD(1)
    for length in lengths:
        size = builder.mul(size, length)
    yield from (_WORD(0), _WORD(0), size, _WORD(kind.dtype.itemsize), _load(builder, array, _DATA), *lengths, *strides)


def _load(builder: Any, address: Any, offset: int, kind: Any = _WORD) -> Any:
    return builder.load(builder.inttoptr(builder.add(address, _WORD(offset)), kind.as_pointer()))
