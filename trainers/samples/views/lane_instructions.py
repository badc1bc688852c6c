"""Vector instructions over bytes, for kernels; imported where one is compiled.

They are written for vectors of any width: LLVM splits them into what the processor has.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import Signature
from numba.extending import intrinsic
from numba.np.arrayobj import make_array
from numpy.typing import NDArray

from .lanes import FRACTION, LANES, PRECISION, TILE

Bytes = NDArray[np.uint8]

_BYTE, _SHORT, _INT, _PLACE = map(ir.IntType, (8, 16, 32, 64))
_BYTES, _SHORTS, _INTS = (ir.VectorType(item, LANES) for item in (_BYTE, _SHORT, _INT))
_ROW = ir.VectorType(_BYTE, TILE)


def _splat(kind: Any, number: int) -> Any:
    return ir.Constant(kind, [number] * kind.count)


def _addresses(target: Any, builder: Any, signature: Signature, arguments: Any) -> list[Any]:
    """The address of each array among the arguments, every other argument as it is."""
    return [
        make_array(kind)(target, builder, value).data if isinstance(kind, types.Array) else value  # type: ignore[no-untyped-call]
        for kind, value in zip(signature.args, arguments, strict=True)
    ]


def _at(builder: Any, data: Any, place: Any, kind: Any) -> Any:
    """The address of a vector."""
    return builder.bitcast(builder.gep(data, [place]), kind.as_pointer())


def _weighted_sums(
    builder: Any, kind: Any, begins: Sequence[Any], arguments: Sequence[Any], term: Callable[[Any, Any], Any]
) -> list[Any]:
    """Add `term(pixels, weight)` for each tap to vectors side by side; `kind` is that of the pixels as they lie."""
    data, at, stride, weights, first, taps = arguments
    totals = [cgutils.alloca_once_value(builder, begin) for begin in begins]  # type: ignore[no-untyped-call]
    with cgutils.for_range(builder, taps) as loop:
        place = builder.add(at, builder.mul(loop.index, stride))
        weight = builder.load(builder.gep(weights, [builder.add(first, loop.index)]))
        every = _in_each_lane(builder, weight)
        for vector, total in enumerate(totals):
            beside = builder.add(place, _PLACE(vector * LANES))
            pixels = builder.load(_at(builder, data, beside, kind), align=1)
            builder.store(builder.add(builder.load(total), term(pixels, every)), total)
    return [builder.load(total) for total in totals]


def _in_each_lane(builder: Any, number: Any) -> Any:
    empty = ir.Constant(ir.VectorType(number.type, LANES), ir.Undefined)
    return builder.shuffle_vector(builder.insert_element(empty, number, _INT(0)), empty, _splat(_INTS, 0))


def _weigher(vectors: int) -> Callable[..., Any]:
    def product(builder: Any) -> Callable[[Any, Any], Any]:
        return lambda pixels, weight: builder.mul(builder.zext(pixels, _INTS), weight)

    def generate(target: Any, builder: Any, signature: Signature, arguments: Any) -> Any:
        out, to, *rest = _addresses(target, builder, signature, arguments)
        begins = [_splat(_INTS, 1 << PRECISION - 1)] * vectors
        for vector, total in enumerate(_weighted_sums(builder, _BYTES, begins, rest, product(builder))):
            level = builder.ashr(total, _splat(_INTS, PRECISION))
            for limit, beyond in ((0, "<"), (255, ">")):
                limits = _splat(_INTS, limit)
                level = builder.select(builder.icmp_signed(beyond, level, limits), limits, level)
            place = builder.add(to, _PLACE(vector * LANES))
            builder.store(builder.trunc(level, _BYTES), _at(builder, out, place, _BYTES), align=1)
        return target.get_dummy_value()

    def weigh(
        context: Any, out: Any, to: Any, data: Any, at: Any, stride: Any, weights: Any, first: Any, taps: Any
    ) -> Any:
        place = types.intp
        return types.void(out, place, data, place, place, weights, place, place), generate

    return weigh


def _smooth(
    context: Any, out: Any, to: Any, data: Any, at: Any, stride: Any, weights: Any, first: Any, taps: Any
) -> Any:
    def generate(target: Any, builder: Any, signature: Signature, arguments: Any) -> Any:
        out, to, *rest = _addresses(target, builder, signature, arguments)

        def product(pixels: Any, weight: Any) -> Any:
            wide = builder.mul(builder.zext(pixels, _INTS), builder.zext(weight, _INTS))
            return builder.trunc(builder.lshr(wide, _splat(_INTS, 16)), _SHORTS)

        # Each product is half a unit too small on average.
        half = builder.trunc(builder.lshr(rest[-1], _PLACE(1)), _SHORT)
        (level,) = _weighted_sums(builder, _SHORTS, [_in_each_lane(builder, half)], rest, product)
        if signature.args[0].dtype == types.uint8:
            level = builder.add(level, _splat(_SHORTS, 1 << FRACTION - 1))
            level = builder.trunc(builder.lshr(level, _splat(_SHORTS, FRACTION)), _BYTES)
        builder.store(level, _at(builder, out, to, level.type), align=1)
        return target.get_dummy_value()

    place = types.intp
    return types.void(out, place, data, place, place, weights, place, place), generate


def _transpose(context: Any, out: Any, to: Any, out_stride: Any, data: Any, at: Any, stride: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Signature, arguments: Any) -> Any:
        out, to, out_stride, data, at, stride = _addresses(target, builder, signature, arguments)
        rows = []
        for row in range(TILE):
            place = builder.add(at, builder.mul(stride, _PLACE(row)))
            rows.append(builder.load(_at(builder, data, place, _ROW), align=1))
        for row, column in enumerate(_columns(builder, rows)):
            place = builder.add(to, builder.mul(out_stride, _PLACE(row)))
            builder.store(column, _at(builder, out, place, _ROW), align=1)
        return target.get_dummy_value()

    place = types.intp
    return types.void(out, place, place, data, place, place), generate


def _columns(builder: Any, rows: list[Any]) -> list[Any]:
    """The columns of TILE rows: the bytes of four rows become one number of 32 bits, then squares of four of these."""

    def shuffled(left: Any, right: Any, picked: Sequence[int]) -> Any:
        return builder.shuffle_vector(left, right, ir.Constant(ir.VectorType(_INT, len(picked)), list(picked)))

    def joined(left: Any, right: Any) -> Any:
        return shuffled(left, right, range(2 * left.type.count))

    fours = [joined(joined(*rows[row : row + 2]), joined(*rows[row + 2 : row + 4])) for row in range(0, TILE, 4)]
    mixed = [
        shuffled(four, four, [row * TILE + column for column in range(TILE) for row in range(4)]) for four in fours
    ]
    numbers = [builder.bitcast(each, ir.VectorType(_INT, TILE)) for each in mixed]
    # Pairs of numbers side by side, then pairs of pairs: number c of all four are the TILE bytes of column c.
    pairs = [
        shuffled(numbers[two], numbers[two + 1], [c + lane * TILE for c in range(begin, begin + 8) for lane in (0, 1)])
        for begin in (0, 8)
        for two in (0, 2)
    ]
    columns = []
    for low, high in (pairs[:2], pairs[2:]):
        for begin in (0, 8):
            picked = [begin + 2 * c + lane + side for c in range(4) for side in (0, TILE) for lane in (0, 1)]
            four_columns = builder.bitcast(shuffled(low, high, picked), ir.VectorType(_BYTE, 4 * TILE))
            columns += [shuffled(four_columns, four_columns, range(c * TILE, (c + 1) * TILE)) for c in range(4)]
    return columns


Step = Callable[[Any, int, Any, int, int, Any, int, int], None]

weigh = cast(Step, intrinsic(_weigher(1)))
weigh_three = cast(Step, intrinsic(_weigher(3)))
smooth = cast(Step, intrinsic(_smooth))
transpose = cast(Callable[[Bytes, int, int, Bytes, int, int], None], intrinsic(_transpose))
