"""The processor's instruction for CRC-32C, for kernels; imported where one is compiled."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import binding, ir  # type: ignore[import-untyped]
from numba import types
from numba.core.typing.templates import Signature
from numba.extending import intrinsic
from numba.np.arrayobj import make_array
from numpy.typing import NDArray

_INSTRUCTIONS = {"sse4.2": ("llvm.x86.sse42.crc32.64.64", 64), "crc": ("llvm.aarch64.crc32cx", 32)}
"""By a processor's feature: what LLVM calls its instruction for 8 bytes, and the bits of the register that it takes."""
_LONG, _REGISTER = ir.IntType(64), ir.IntType(32)


def _next_eight(context: Any, register: Any, data: Any, place: Any) -> tuple[Signature, Any]:
    features = binding.get_host_cpu_features()
    name, bits = next(found for feature, found in _INSTRUCTIONS.items() if features.get(feature))

    def generate(target: Any, builder: Any, signature: Signature, arguments: tuple[Any, Any, Any]) -> Any:
        array = make_array(signature.args[1])(target, builder, arguments[1])  # type: ignore[no-untyped-call]
        address = builder.bitcast(builder.gep(array.data, [arguments[2]]), _LONG.as_pointer())
        eight = builder.load(address, align=1)
        wide = ir.IntType(bits)
        register = builder.zext(arguments[0], wide) if bits > _REGISTER.width else arguments[0]
        function = builder.module.declare_intrinsic(name, (), ir.FunctionType(wide, [wide, _LONG]))
        result = builder.call(function, [register, eight])
        return builder.trunc(result, _REGISTER) if bits > _REGISTER.width else result

    return types.uint32(types.uint32, data, types.intp), generate


next_eight = cast(Callable[[np.uint32, NDArray[np.uint8], int], np.uint32], intrinsic(_next_eight))
"""The register after the 8 bytes of an array from a place on."""
