"""Forward reading against slicing."""

import io
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.format.forward import ForwardReader

DATA = bytes(range(256)) * 4000


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0, 1, 511, 512, 100_000, 262_144, 600_000])), max_size=8))
def test_reads_and_pieces_are_the_stream(requests: list[tuple[bool, int]]) -> None:
    reader = ForwardReader(io.BytesIO(DATA))
    ends = list(accumulate((size for _, size in requests), initial=0))
    for (in_pieces, size), (begin, end) in zip(requests, pairwise(ends), strict=True):
        pieces = list(reader.pieces(size)) if in_pieces else [reader.read(size)]
        assert b"".join(pieces) == DATA[begin:end]
        assert not in_pieces or all(pieces)
