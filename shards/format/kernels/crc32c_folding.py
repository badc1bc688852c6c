"""CRC-32C of 256 bytes at a time by carry-less products, for kernels; imported where one is compiled.

What stands in a register of CRC-32C is a remainder modulo its polynomial P, and so n bits of a message may give way to
their product with x^d modulo P, added d bits later (Gopal et al. 2009, "Fast CRC Computation for Generic Polynomials
Using PCLMULQDQ Instruction"). Four vectors of 64 bytes give way to the next four until the bytes are used up, then each
to the next one, then its quarters; the processor's instruction for CRC-32C takes the last of these, 16 bytes.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import Signature
from numba.extending import intrinsic
from numba.np.arrayobj import make_array
from numpy.typing import NDArray

from .crc32c import FOLDED, POLYNOMIAL

_LONG, _REGISTER, _INT, _BYTE = ir.IntType(64), ir.IntType(32), ir.IntType(32), ir.IntType(8)
_QUARTER, _VECTOR = ir.VectorType(_LONG, 2), ir.VectorType(_LONG, 8)
_VECTORS = FOLDED // 64


def _power(exponent: int) -> int:
    """x^exponent modulo P, its bits reversed as in a register."""
    register = 1 << 31
    for _ in range(exponent):
        register = (register >> 1) ^ (POLYNOMIAL if register & 1 else 0)
    return register


def _constant(kind: Any, values: Sequence[int]) -> Any:
    return ir.Constant(kind, [ir.Constant(kind.element, value) for value in values])


def _moved(builder: Any, value: Any, bits: int, onto: Any) -> Any:
    """What follows so many bits later, with what came before added to it; quarter by quarter.

    A product of reversed numbers of 64 bits has its bits one too low, and 32 of them are those of the register; the
    first half of a quarter is 64 bits further away than the second.
    """
    width = value.type.count
    name = "llvm.x86.pclmulqdq" + ("" if width == 2 else f".{64 * width}")
    function = builder.module.declare_intrinsic(name, (), ir.FunctionType(value.type, [value.type, value.type, _BYTE]))
    powers = _constant(value.type, [_power(bits + 31), _power(bits - 33)] * (width // 2))
    for halves in (0x00, 0x11):
        onto = builder.xor(onto, builder.call(function, [value, powers, _BYTE(halves)]))
    return onto


def _quarter(builder: Any, vector: Any, number: int) -> Any:
    which = _constant(ir.VectorType(_INT, 2), [2 * number, 2 * number + 1])
    return builder.shuffle_vector(vector, ir.Constant(_VECTOR, ir.Undefined), which)


def _folded(context: Any, register: Any, data: Any, place: Any, count: Any) -> tuple[Signature, Any]:
    def generate(target: Any, builder: Any, signature: Signature, arguments: tuple[Any, ...]) -> Any:
        register, array, place, count = arguments
        begin = builder.gep(make_array(signature.args[1])(target, builder, array).data, [place])  # type: ignore[no-untyped-call]

        def loaded(number: Any, vector: int) -> Any:
            at = builder.add(builder.mul(number, _LONG(FOLDED)), _LONG(64 * vector))
            return builder.load(builder.bitcast(builder.gep(begin, [at]), _VECTOR.as_pointer()), align=1)

        first = [loaded(_LONG(0), vector) for vector in range(_VECTORS)]
        before = builder.insert_element(_constant(_VECTOR, [0] * 8), builder.zext(register, _LONG), _INT(0))
        first[0] = builder.xor(first[0], before)
        held = [cgutils.alloca_once_value(builder, each) for each in first]  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, builder.sub(count, _LONG(1))) as loop:
            following = builder.add(loop.index, _LONG(1))
            for vector, variable in enumerate(held):
                more = loaded(following, vector)
                builder.store(_moved(builder, builder.load(variable), 8 * FOLDED, more), variable)
        vectors = [builder.load(variable) for variable in held]
        vector = reduce(lambda value, onto: _moved(builder, value, 512, onto), vectors)
        quarters = [_quarter(builder, vector, number) for number in range(4)]
        last = reduce(lambda value, onto: _moved(builder, value, 128, onto), quarters)
        kind = ir.FunctionType(_LONG, [_LONG, _LONG])
        instruction = builder.module.declare_intrinsic("llvm.x86.sse42.crc32.64.64", (), kind)
        halves = [builder.extract_element(last, _INT(number)) for number in range(2)]
        result = reduce(lambda value, half: builder.call(instruction, [value, half]), halves, _LONG(0))
        return builder.trunc(result, _REGISTER)

    return types.uint32(types.uint32, data, types.intp, types.intp), generate


folded = cast(Callable[[np.uint32, NDArray[np.uint8], int, int], np.uint32], intrinsic(_folded))
"""The register after so many times 256 bytes of an array from a place on, at least once."""
