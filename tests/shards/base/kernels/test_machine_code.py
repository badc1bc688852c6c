import threading
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.lowering import compile_kernel
from headrace.shards.base.kernels.machine_code import MachineCode
from headrace.shards.base.kernels.types import reads, writes


class Pair(NamedTuple):
    left: NDArray[np.uint8]
    right: NDArray[np.float32]


PAIR = types.NamedTuple((writes(types.uint8), writes(types.float32)), Pair)


def everything(number, table, factor, pair, flags, total):
    """Look at each argument, wherever it comes to lie among registers and stack."""
    for row in range(table.shape[0]):
        for column in range(table.shape[1]):
            total[row, column] += table[row, column] * number
    pair.left[number] += 1
    pair.right[0] *= factor
    flags[0] = not flags[0]
    return table.shape[0] * 100 + table.shape[1]


def half(number):
    return number / 2


def compiled(function, signature):
    return MachineCode(function.__name__, signature, compile_kernel(function, signature))


SIGNATURE = types.int64(
    types.int64, reads(types.int32, 2), types.float64, PAIR, writes(types.boolean), writes(types.int64, 2)
)


@pytest.fixture(scope="module")
def code():
    return compiled(everything, SIGNATURE)


def arguments(**changes):
    found = {
        "number": 3,
        "table": np.arange(6, dtype=np.int32).reshape(2, 3),
        "factor": 0.5,
        "pair": Pair(np.zeros(5, np.uint8), np.full(2, 3, np.float32)),
        "flags": np.zeros(1, np.bool_),
        "total": np.ones((2, 3), np.int64),
    }
    return found | changes


def test_machine_code_gets_what_the_function_would_get(code):
    for number, factor in ((3, 0.5), (np.int64(3), np.float64(0.5))):
        mine, plain = arguments(number=number, factor=factor), arguments()
        mine["table"].setflags(write=False)
        assert code(*mine.values()) == everything(**plain) == 203
        for name in ("table", "flags", "total"):
            assert np.array_equal(mine[name], plain[name])
        assert all(map(np.array_equal, mine["pair"], plain["pair"]))


def test_results_keep_their_type():
    assert compiled(half, types.float64(types.int64))(3) == 1.5


def test_no_memory_is_touched_but_that_of_the_right_type(code):
    read_only = np.ones((2, 3), np.int64)
    read_only.setflags(write=False)
    for changes in (
        {"table": np.zeros((2, 3), np.int64)},
        {"table": np.zeros(6, np.int32)},
        {"table": np.zeros((2, 6), np.int32)[:, ::2]},
        {"table": [[1, 2], [3, 4]]},
        {"total": read_only},
        {"number": "3"},
    ):
        given = arguments(**changes)
        with pytest.raises((TypeError, ValueError)):
            code(*given.values())
        assert not given["pair"].left.any()
    with pytest.raises(TypeError, match="takes 7 arguments, not 6"):
        code(*list(arguments().values())[:-1])


def test_empty_arrays_are_passed(code):
    given = arguments(table=np.zeros((0, 3), np.int32), total=np.zeros((0, 3), np.int64))
    assert code(*given.values()) == 3


def test_arrays_are_taken_where_they_lie(code, tmp_path):
    np.arange(12, dtype=np.int32).tofile(tmp_path / "table")
    for table in (
        np.arange(12, dtype=np.int32).reshape(4, 3)[1:3],
        np.memmap(tmp_path / "table", np.int32, "r", 12, (2, 3)),
    ):
        mine, plain = arguments(table=table), arguments(table=table)
        assert code(*mine.values()) == everything(**plain)
        assert np.array_equal(mine["total"], plain["total"])


def flat_size(table):
    return len(table.reshape(-1))


def test_what_needs_numba_when_it_is_called_is_refused():
    with pytest.raises(TypeError, match=r"flat_size calls .*numba_attempt_nocopy_reshape"):
        compile_kernel(flat_size, types.int64(reads(types.int32, 2)))


def churn(rounds):
    state = np.int64(1)
    for _ in range(rounds):
        state = (state ^ (state << 13)) + 7
    return state


def test_the_interpreter_goes_on_meanwhile():
    """Kernels release the interpreter lock: were it held, this thread would see no time between start and end."""
    code, steps = compiled(churn, types.int64(types.int64)), 0
    thread = threading.Thread(target=code, args=(100_000_000,))
    thread.start()
    while thread.is_alive():
        steps += 1
    assert steps > 1000
