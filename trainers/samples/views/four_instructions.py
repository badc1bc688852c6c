"""Vector instructions over fours of bytes (see `lanes`), for kernels; imported where one is compiled.

They are written for vectors of any width: LLVM splits them into what the processor has. One is asked for by name, since
no pattern of others leads LLVM to it: that of AVX-512 VNNI, which adds the products of four bytes with four bytes to a
number of 32 bits. Weights then are signed digits to the base 256, three of which say the same as 22 bits and a sign.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import Signature
from numba.extending import intrinsic

from .lane_instructions import address, addresses, shuffled, splat
from .lanes import FOUR, PRECISION, TILE

_BYTE, _INT, _PLACE = map(ir.IntType, (8, 32, 64))
_BYTES, _INTS = (ir.VectorType(item, TILE) for item in (_BYTE, _INT))

DOT = "llvm.x86.avx512.vpdpbusd.512"
DIGITS = 3
MIDDLE_OF_DIGITS = 0x808080
"""Added to a weight it makes each digit of -128 to 127 a byte of 0 to 255."""


def multiplies_bytes(target: Any) -> bool:
    """Whether the processor that is compiled for has `DOT`."""
    return "+avx512vnni" in target.codegen().magic_tuple()[2]


def _weigher(vectors: int) -> Callable[..., Any]:
    def generate(target: Any, builder: Any, signature: Signature, arguments: Any) -> Any:
        out, to, out_stride, data, at, stride, weights, first, fours = addresses(target, builder, signature, arguments)
        add, count = (_add_digits, DIGITS) if multiplies_bytes(target) else (_add_whole, 1)
        begins = [_same(1 << PRECISION - 1), *[_same(0)] * (count - 1)]
        sums = [[cgutils.alloca_once_value(builder, begin) for begin in begins] for _ in range(vectors)]  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, fours) as loop:
            place = builder.add(at, builder.mul(loop.index, stride))
            begin = builder.add(first, builder.mul(loop.index, _PLACE(FOUR)))
            factors = [
                splat(builder, builder.load(builder.gep(weights, [builder.add(begin, _PLACE(number))])), TILE)
                for number in range(FOUR)
            ]
            for vector, parts in enumerate(sums):
                beside = builder.add(place, _PLACE(vector * TILE * FOUR))
                pixels = builder.load(address(builder, data, beside, _INTS), align=1)
                add(builder, parts, pixels, factors)
        for vector, parts in enumerate(sums):
            level = builder.ashr(_whole(builder, parts), _same(PRECISION))
            for limit, beyond in ((0, "<"), (255, ">")):
                level = builder.select(builder.icmp_signed(beyond, level, _same(limit)), _same(limit), level)
            place = builder.add(to, builder.mul(out_stride, _PLACE(vector)))
            builder.store(builder.trunc(level, _BYTES), address(builder, out, place, _BYTES), align=1)
        return target.get_dummy_value()

    def weigh(
        context: Any, out: Any, to: Any, out_stride: Any, data: Any, at: Any, stride: Any, weights: Any, first: Any,
        fours: Any,
    ) -> Any:  # fmt: skip
        place = types.intp
        return types.void(out, place, place, data, place, place, weights, place, place), generate

    return weigh


def _same(number: int) -> Any:
    return ir.Constant(_INTS, [number] * TILE)


def _whole(builder: Any, parts: Sequence[Any]) -> Any:
    """The sum of what was summed up of each digit."""
    *lower, total = [builder.load(part) for part in parts]
    for part in reversed(lower):
        total = builder.add(builder.shl(total, _same(8)), part)
    return total


def _add_digits(builder: Any, parts: Sequence[Any], pixels: Any, factors: Sequence[Any]) -> None:
    dot = builder.module.declare_intrinsic(DOT, (), ir.FunctionType(_INTS, [_INTS] * 3))
    for part, digits in zip(parts, factors, strict=False):
        builder.store(builder.call(dot, [builder.load(part), pixels, digits]), part)


def _add_whole(builder: Any, parts: Sequence[Any], pixels: Any, factors: Sequence[Any]) -> None:
    (part,) = parts
    for byte, weight in enumerate(factors):
        level = builder.and_(builder.lshr(pixels, _same(8 * byte)), _same(255))
        builder.store(builder.add(builder.load(part), builder.mul(level, weight)), part)


def _prepare(context: Any, weights: Any, first: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Signature, arguments: Any) -> Any:
        data, first = addresses(target, builder, signature, arguments)
        if multiplies_bytes(target):
            four = ir.VectorType(_INT, FOUR)
            place = address(builder, data, first, four)
            middle = ir.Constant(four, [MIDDLE_OF_DIGITS] * FOUR)
            digits = builder.xor(builder.add(builder.load(place, align=4), middle), middle)
            digits = builder.bitcast(digits, ir.VectorType(_BYTE, FOUR * FOUR))
            turned = shuffled(
                builder, digits, digits, [FOUR * tap + digit for digit in range(4) for tap in range(FOUR)]
            )
            builder.store(builder.bitcast(turned, four), place, align=4)
        return target.get_dummy_value()

    return types.void(weights, types.intp), generate


def _gatherer(channels: int) -> Callable[..., Any]:
    """By pieces of rows that hold a four of each channel, or four fours of one."""
    pieces, columns = (1, 4) if channels == 1 else (TILE // FOUR, channels)

    def generate(target: Any, builder: Any, signature: Signature, arguments: Any) -> Any:
        out, to, data, at, stride = addresses(target, builder, signature, arguments)
        starts = [builder.add(at, builder.mul(stride, _PLACE(row))) for row in range(TILE)]
        for piece in range(pieces):
            # No byte after the tile is read: there the image may end.
            begin = min(piece * FOUR * channels, TILE * channels - TILE)
            skipped = piece * FOUR * channels - begin
            picked = [(skipped + k * channels + c) % TILE for c in range(4) for k in range(FOUR)]
            picked = list(range(TILE)) if channels == 1 else picked
            rows = [
                builder.load(address(builder, data, builder.add(each, _PLACE(begin)), _BYTES), align=1)
                for each in starts
            ]
            for number, fours in enumerate(_columns(builder, rows, picked)[:columns]):
                place = builder.add(to, _PLACE((piece * columns + number) * TILE * FOUR))
                builder.store(fours, address(builder, out, place, _INTS), align=1)
        return target.get_dummy_value()

    def gather(context: Any, out: Any, to: Any, data: Any, at: Any, stride: Any) -> Any:
        return types.void(out, types.intp, data, types.intp, types.intp), generate

    return gather


def _columns(builder: Any, rows: Sequence[Any], picked: Sequence[int]) -> list[Any]:
    """The four columns of TILE rows of fours, whose bytes are picked from them.

    Vectors hold every fourth row, so that all is moved within quarters of them, as processors do fastest.
    """

    def joined(left: Any, right: Any) -> Any:
        return shuffled(builder, left, right, range(2 * left.type.count))

    quarters = []
    for k in range(4):
        whole = joined(joined(rows[k], rows[4 + k]), joined(rows[8 + k], rows[12 + k]))
        whole = shuffled(builder, whole, whole, [TILE * quarter + byte for quarter in range(4) for byte in picked])
        quarters.append(builder.bitcast(whole, _INTS))

    def mixed(left: Any, right: Any, items: Sequence[int]) -> Any:
        """Of each quarter of both, four items: those of the right one are counted from 4 on."""
        places = [4 * quarter + item % 4 + item // 4 * TILE for quarter in range(4) for item in items]
        return shuffled(builder, left, right, places)

    columns = []
    for pair in ((0, 4, 1, 5), (2, 6, 3, 7)):
        upper, lower = mixed(quarters[0], quarters[1], pair), mixed(quarters[2], quarters[3], pair)
        columns += [mixed(upper, lower, (0, 1, 4, 5)), mixed(upper, lower, (2, 3, 6, 7))]
    return columns


def _spread(context: Any, out: Any, to: Any, out_stride: Any, data: Any, at: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Signature, arguments: Any) -> Any:
        out, to, out_stride, data, at = addresses(target, builder, signature, arguments)
        places = [builder.add(at, _PLACE(vector * TILE * FOUR)) for vector in range(4)]
        vectors = [builder.load(address(builder, data, place, _INTS), align=1) for place in places]

        def every_other(vectors: list[Any], begin: int) -> list[Any]:
            picked = range(begin, 2 * TILE, 2)
            return [shuffled(builder, vectors[two], vectors[two + 1], picked) for two in range(0, len(vectors), 2)]

        for row in range(4):
            (fours,) = every_other(every_other(vectors, row % 2), row // 2)
            place = builder.add(to, builder.mul(out_stride, _PLACE(row)))
            builder.store(fours, address(builder, out, place, _INTS), align=1)
        return target.get_dummy_value()

    return types.void(out, types.intp, types.intp, data, types.intp), generate


weigh, weigh_two, weigh_three = (cast(Callable[..., None], intrinsic(_weigher(vectors))) for vectors in (1, 2, 3))
gather, gather_three = (cast(Callable[..., None], intrinsic(_gatherer(channels))) for channels in (1, 3))
prepare = cast(Callable[..., None], intrinsic(_prepare))
spread = cast(Callable[..., None], intrinsic(_spread))
