"""PNG by ISA-L and a kernel, against Pillow."""

import io
import struct
import tracemalloc
import zlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from headrace.shards.base.images.decode import decode
from headrace.shards.base.images.formats import read_header

GREY, COLOUR, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 4, 6
BYTES = {GREY: 1, COLOUR: 3, GREY_ALPHA: 2, COLOUR_ALPHA: 4}
PAETH = 4


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(filtered, width, height, colour, *between, pieces=1):
    """A file of these filtered bytes in several chunks, with other chunks between header and pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
    packed = zlib.compress(filtered)
    edges = [len(packed) * number // pieces for number in range(pieces + 1)]
    data = [chunk(b"IDAT", packed[begin:end]) for begin, end in pairwise(edges)]
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + b"".join(data) + chunk(b"IEND", b"")


def pixels(data, channels=None):
    return decode(data, read_header(data), channels)


@given(
    width=st.integers(1, 9),
    kinds=st.lists(st.integers(0, PAETH), min_size=1, max_size=9),
    colour=st.sampled_from(sorted(BYTES)),
    pieces=st.integers(1, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_filters_are_undone_as_pillow_does(width, kinds, colour, pieces, seed):
    rng = np.random.default_rng(seed)
    rows = (bytes([kind]) + rng.bytes(width * BYTES[colour]) for kind in kinds)
    data = png(b"".join(rows), width, len(kinds), colour, pieces=pieces)
    mode = "L" if colour in (GREY, GREY_ALPHA) else "RGB"
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(image.convert(mode))
    found = pixels(data)
    assert np.array_equal(found, expected.reshape(found.shape))
    assert found.flags.c_contiguous
    assert found.flags.writeable


def test_chunks_that_mean_nothing_here_are_passed_over():
    plain = png(bytes([0, 1, 2, 3]), 1, 1, COLOUR)
    gamma, transparent = chunk(b"gAMA", struct.pack(">I", 45455)), chunk(b"tRNS", bytes([0, 1, 0, 2, 0, 3]))
    assert pixels(png(bytes([0, 1, 2, 3]), 1, 1, COLOUR, gamma, transparent)).tolist() == [[[1, 2, 3]]]
    assert pixels(plain + b"what follows the end").tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize(
    ("filtered", "words"),
    [
        (bytes([5, 1, 2, 3]), "row 0 is of no known filter"),
        (bytes([0, 1, 2]), "3 of 4 bytes of pixels are there"),
    ],
)
def test_pixels_that_make_no_picture_are_refused(filtered, words):
    with pytest.raises(ValueError, match=words):
        pixels(png(filtered, 1, 1, COLOUR))


@pytest.mark.parametrize("more", [1, 50_000_000])
def test_pixels_beyond_those_declared_are_not_even_unpacked(more):
    data = png(bytes([0, 1, 2, 3]) + bytes(more), 1, 1, COLOUR)
    tracemalloc.start()
    try:
        assert pixels(data).tolist() == [[[1, 2, 3]]]
        assert tracemalloc.get_traced_memory()[1] < 1 << 22
    finally:
        tracemalloc.stop()


def test_a_wrong_checksum_is_refused():
    data = bytearray(png(bytes([0, 1, 2, 3]), 1, 1, COLOUR))
    data[data.index(b"IEND") - 9] ^= 1
    with pytest.raises(ValueError, match="damaged PNG"):
        pixels(bytes(data))


def test_what_the_kernel_does_not_know_is_left_to_pillow():
    grey = png(bytes([0, 9]), 1, 1, GREY)
    assert pixels(grey, 3).tolist() == [[[9, 9, 9]]]
    assert pixels(png(bytes([0, 10, 20, 30]), 1, 1, COLOUR), 1).tolist() == [[[18]]]
