"""Reading from open files, for kernels; imported where one is compiled."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import Signature
from numba.extending import intrinsic
from numba.np.arrayobj import make_array
from numpy.typing import NDArray

_NOWAIT, _WILLNEED = 8, 3
"""Linux's RWF_NOWAIT of `preadv2` and POSIX_FADV_WILLNEED of `posix_fadvise`."""
_LONG, _INT, _BYTES = ir.IntType(64), ir.IntType(32), ir.IntType(8).as_pointer()


def _call(builder: Any, name: str, returned: Any, arguments: list[Any]) -> Any:
    """A call of a function of the C library."""
    kind = ir.FunctionType(returned, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]
    return builder.call(function, arguments)


def _address(target: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    data = make_array(kind)(target, builder, array).data  # type: ignore[no-untyped-call]
    return builder.gep(data, [place])


def _reading(context: Any, descriptor: Any, start: Any, out: Any, place: Any, size: Any) -> tuple[Signature, Any]:
    def generate(target: Any, builder: Any, signature: Signature, arguments: tuple[Any, ...]) -> Any:
        number, start, array, place, size = arguments
        into = _address(target, builder, signature.args[2], array, place)
        return _call(builder, "pread", _LONG, [number, into, size, start])

    return types.int64(types.int32, types.int64, out, types.int64, types.int64), generate


def _cached_reading(
    context: Any, descriptor: Any, start: Any, out: Any, place: Any, size: Any
) -> tuple[Signature, Any]:
    def generate(target: Any, builder: Any, signature: Signature, arguments: tuple[Any, ...]) -> Any:
        number, start, array, place, size = arguments
        into = _address(target, builder, signature.args[2], array, place)
        vector = cgutils.alloca_once(builder, ir.LiteralStructType([_BYTES, _LONG]))  # type: ignore[no-untyped-call]
        builder.store(into, builder.gep(vector, [_INT(0), _INT(0)]))
        builder.store(size, builder.gep(vector, [_INT(0), _INT(1)]))
        return _call(builder, "preadv2", _LONG, [number, vector, _INT(1), start, _INT(_NOWAIT)])

    return types.int64(types.int32, types.int64, out, types.int64, types.int64), generate


def _announcing(context: Any, descriptor: Any, start: Any, size: Any) -> tuple[Signature, Any]:
    def generate(target: Any, builder: Any, signature: Signature, arguments: tuple[Any, ...]) -> Any:
        number, start, size = arguments
        return _call(builder, "posix_fadvise", _INT, [number, start, size, _INT(_WILLNEED)])

    return types.int32(types.int32, types.int64, types.int64), generate


_Reading = Callable[[int, int, NDArray[np.uint8], int, int], int]
pread = cast(_Reading, intrinsic(_reading))
"""`pread` of a descriptor from a start into an array at a place, so many bytes; what it returns."""
pread_cached = cast(_Reading, intrinsic(_cached_reading))
"""The same, but it fails, or stops, where it would have to wait."""
announce = cast(Callable[[int, int, int], int], intrinsic(_announcing))
"""`posix_fadvise`: this range of a descriptor will be needed."""
