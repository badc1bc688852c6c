"""Vector instructions over bytes, for kernels; imported where one is compiled.

They are written for vectors of any width: LLVM splits them into what the processor has.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import Signature
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from .lanes import FRACTION, LANES

_BYTE, _SHORT, _INT, _PLACE = map(ir.IntType, (8, 16, 32, 64))
_BYTES, _SHORTS, _INTS = (ir.VectorType(item, LANES) for item in (_BYTE, _SHORT, _INT))


def splat(builder: Any, number: Any, lanes: int) -> Any:
    """A vector of the same number in each lane."""
    empty = ir.Constant(ir.VectorType(number.type, lanes), ir.Undefined)
    return shuffled(builder, builder.insert_element(empty, number, _INT(0)), empty, [0] * lanes)


def shuffled(builder: Any, left: Any, right: Any, picked: Sequence[int]) -> Any:
    """The picked ones of the items of two vectors, counted through."""
    return builder.shuffle_vector(left, right, ir.Constant(ir.VectorType(_INT, len(picked)), list(picked)))


def addresses(target: Any, builder: Any, signature: Signature, arguments: Any) -> list[Any]:
    """The address of each array among the arguments, every other argument as it is."""
    return [
        make_array(kind)(target, builder, value).data if isinstance(kind, types.Array) else value  # type: ignore[no-untyped-call]
        for kind, value in zip(signature.args, arguments, strict=True)
    ]


def address(builder: Any, data: Any, place: Any, kind: Any) -> Any:
    """The address of a vector."""
    return builder.bitcast(builder.gep(data, [place]), kind.as_pointer())


def _smooth(context: Any, out: Any, to: Any, data: Any, at: Any, stride: Any, weights: Any, radius: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Signature, arguments: Any) -> Any:
        out, to, data, at, stride, weights, radius = addresses(target, builder, signature, arguments)

        def levels(place: Any) -> Any:
            return builder.load(address(builder, data, place, _SHORTS), align=1)

        def product(levels: Any, distance: Any) -> Any:
            weight = splat(builder, builder.load(builder.gep(weights, [distance])), LANES)
            wide = builder.mul(builder.zext(levels, _INTS), builder.zext(weight, _INTS))
            return builder.trunc(builder.lshr(wide, ir.Constant(_INTS, [16] * LANES)), _SHORTS)

        # Each of the radius + 1 products is half a unit too small on average.
        half = builder.trunc(builder.lshr(builder.add(radius, _PLACE(1)), _PLACE(1)), _SHORT)
        begin = builder.add(splat(builder, half, LANES), product(levels(at), _PLACE(0)))
        total = cgutils.alloca_once_value(builder, begin)  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, radius) as loop:
            distance = builder.add(loop.index, _PLACE(1))
            away = builder.mul(distance, stride)
            both = builder.add(levels(builder.sub(at, away)), levels(builder.add(at, away)))
            builder.store(builder.add(builder.load(total), product(both, distance)), total)
        level = builder.load(total)
        if signature.args[0].dtype == types.uint8:
            level = builder.add(level, ir.Constant(_SHORTS, [1 << FRACTION - 1] * LANES))
            level = builder.trunc(builder.lshr(level, ir.Constant(_SHORTS, [FRACTION] * LANES)), _BYTES)
        builder.store(level, address(builder, out, to, level.type), align=1)
        return target.get_dummy_value()

    place = types.intp
    return types.void(out, place, data, place, place, weights, place), generate


smooth = cast(Callable[[Any, int, Any, int, int, Any, int], None], intrinsic(_smooth))
