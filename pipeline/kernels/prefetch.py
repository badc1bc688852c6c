"""Asking for memory before it is needed: for tables that are larger than the caches and looked up at random."""

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import Signature
from numba.extending import intrinsic
from numba.np.arrayobj import make_array
from numpy.typing import NDArray

_READ, _KEEP_CLOSE, _DATA = 0, 3, 1
"""The last three arguments of LLVM's `llvm.prefetch`."""


def _prefetch(context: Any, table: Any, row: Any, column: Any) -> tuple[Signature, Any]:
    def generate(target: Any, builder: Any, signature: Signature, arguments: tuple[Any, Any, Any]) -> Any:
        kind, place = signature.args[0], list(arguments[1:])
        array = make_array(kind)(target, builder, arguments[0])  # type: ignore[no-untyped-call]
        item = cgutils.get_item_pointer(target, builder, kind, array, place)  # type: ignore[no-untyped-call]
        address, number = builder.bitcast(item, cgutils.voidptr_t), ir.IntType(32)
        returned = ir.FunctionType(ir.VoidType(), [address.type, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [address.type], returned)
        builder.call(function, [address, number(_READ), number(_KEEP_CLOSE), number(_DATA)])
        return target.get_dummy_value()

    return types.void(table, types.intp, types.intp), generate


prefetch = cast(Callable[[NDArray[Any], int, int], None], intrinsic(_prefetch))
"""Have the cache line of `table[row, column]`, which must lie inside the table, brought in meanwhile; for kernels."""
