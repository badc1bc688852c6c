"""CRC-32C and reading by kernels, against a library's and against plain reads."""

import os
from pathlib import Path

import google_crc32c
import numpy as np
import pytest
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import kernel, reads, writes
from headrace.shards.format.kernels.crc32c import FOLDED, LONG, SHORT, ways
from headrace.shards.format.kernels.gather import gather

STEPS = (0, 8, FOLDED, 2 * FOLDED, 3 * SHORT, 3 * LONG, 6 * LONG + 3 * SHORT)
FULL = np.uint32(0xFFFFFFFF)
SIZES = sorted({max(0, step + more) for step in STEPS for more in (-1, 0, 1, 7, 9)})


def gathered(path: Path, starts: list[int], sizes: list[int]) -> tuple[list[bytes], list[int], list[int]]:
    descriptor = os.open(path, os.O_RDONLY)
    places = np.cumsum([0, *sizes])
    out, found, crcs = np.zeros(places[-1], np.uint8), np.zeros(len(sizes), np.int64), np.zeros(len(sizes), np.uint32)
    numbers = np.full(len(sizes), descriptor, np.int32)
    gather(numbers, np.array(starts), np.array(sizes), places[:-1].copy(), out, found, crcs)
    os.close(descriptor)
    data = [out[place : place + size].tobytes() for place, size in zip(places.tolist(), found.tolist(), strict=False)]
    return data, found.tolist(), crcs.tolist()


FASTEST, BETWEEN, SLOWEST = (ways()[number * (len(ways()) - 1) // 2] for number in range(3))


@kernel(types.void(reads(types.uint8), reads(types.int64), reads(types.int64), writes(types.uint32, 2)))
def registers(
    data: NDArray[np.uint8], begins: NDArray[np.int64], ends: NDArray[np.int64], found: NDArray[np.uint32]
) -> None:
    for number in range(begins.size):
        begin, end = begins[number], ends[number]
        found[0, number] = FASTEST(FULL, data, begin, end)
        found[1, number] = BETWEEN(FULL, data, begin, end)
        found[2, number] = SLOWEST(FULL, data, begin, end)


def test_every_way_to_a_checksum() -> None:
    data = np.random.default_rng(0).integers(0, 256, 2 * max(SIZES), dtype=np.uint8)
    begins = np.arange(len(SIZES)) % 9
    ends, found = begins + np.array(SIZES), np.zeros((3, len(SIZES)), np.uint32)
    registers(data, begins, ends, found)
    spans = zip(begins.tolist(), ends.tolist(), strict=True)
    expected = [google_crc32c.value(data[begin:end].tobytes()) for begin, end in spans]
    assert (found ^ FULL).tolist() == [expected] * 3


@pytest.mark.parametrize("shift", [0, 1, 5])
def test_ranges_of_every_length(tmp_path: Path, shift: int) -> None:
    content = np.random.default_rng(0).integers(0, 256, shift + sum(SIZES), dtype=np.uint8).tobytes()
    (tmp_path / "file").write_bytes(content)
    starts = (shift + np.cumsum([0, *SIZES[:-1]])).tolist()
    data, found, crcs = gathered(tmp_path / "file", starts, SIZES)
    expected = [content[start : start + size] for start, size in zip(starts, SIZES, strict=True)]
    assert data == expected
    assert found == SIZES
    assert crcs == [google_crc32c.value(each) for each in expected]


def test_what_is_beyond_the_end_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    data, found, crcs = gathered(tmp_path / "file", [8, 10, 20, 0], [4, 1, 3, 10])
    assert (data, found) == ([b"89", b"", b"", b"0123456789"], [2, 0, 0, 10])
    assert crcs == [google_crc32c.value(each) for each in data]


def test_what_the_page_cache_does_not_hold_is_waited_for(tmp_path: Path) -> None:
    content = os.urandom(1 << 20)
    (tmp_path / "file").write_bytes(content)
    with (tmp_path / "file").open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    starts = list(range(0, 1 << 20, 1 << 14))
    assert gathered(tmp_path / "file", starts, [1 << 14] * 64)[0] == [content[at : at + (1 << 14)] for at in starts]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert gathered(tmp_path / "folder", [0], [5])[1] == [0]
