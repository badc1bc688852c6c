"""gzip members one by one, whole and damaged."""

import gzip
import io

from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.readers import _gzip_members
from headrace.pipeline.readers._gzip_members import Gap, Member, Pieces, find_member, members

BEGINS = b"WARC/"


def walk(data):
    """Offset and content of each member, offset and size of each gap, and the damages."""
    found = []
    for part in members(io.BytesIO(data), BEGINS):
        if isinstance(part, Gap):
            found.append((part.offset, part.size))
            continue
        content = b""
        while chunk := part.read(700):
            content += chunk
        found.append((part.offset, content, part.damage))
    return found


@given(contents=st.lists(st.binary(max_size=3000), min_size=1, max_size=6), level=st.integers(0, 9))
def test_members_are_found_one_after_the_other(contents, level):
    packed = [gzip.compress(content, level) for content in contents]
    starts = [sum(map(len, packed[:index])) for index in range(len(packed))]
    assert walk(b"".join(packed)) == [(start, content, None) for start, content in zip(starts, contents, strict=True)]


def test_a_reader_that_leaves_a_member_early_finds_the_next_all_the_same():
    packed = [gzip.compress(b"WARC/%d" % number * 50_000, 1) for number in range(3)]
    offsets = [part.offset for part in members(io.BytesIO(b"".join(packed)), BEGINS)]
    assert offsets == [0, len(packed[0]), len(packed[0]) + len(packed[1])]


def test_a_gap_reaches_to_the_next_member_that_begins_as_it_should():
    decoy = gzip.compress(b"something else")
    real = gzip.compress(b"WARC/1.0")
    assert walk(real + b"??" + decoy + real) == [
        (0, b"WARC/1.0", None),
        (len(real), 2 + len(decoy)),
        (len(real) + 2 + len(decoy), b"WARC/1.0", None),
    ]


def test_a_magic_number_across_two_chunks_is_found(monkeypatch):
    monkeypatch.setattr(_gzip_members, "CHUNK", 7)
    real = gzip.compress(b"WARC/1.0")
    for gap in range(20):
        assert find_member(io.BytesIO(b"-" * gap + real), 0, BEGINS) == gap


def test_pieces_of_any_size_make_the_same_members(monkeypatch):
    contents = [b"WARC/%d" % number * (number + 1) for number in range(40)]
    packed = b"".join(map(gzip.compress, contents)) + b"\0" * 50 + gzip.compress(b"WARC/last") + b"??"
    expected = walk(packed)
    for read in (3, 4, 7, 100, 1_000):
        monkeypatch.setattr(_gzip_members, "READ", read)
        assert walk(packed) == expected
    assert [part[1] for part in expected] == [*contents, b"WARC/last", 2]


def test_a_bomb_is_not_read_on(monkeypatch):
    monkeypatch.setattr(_gzip_members, "BOMB_BYTES", 1 << 20)
    member = Member(Pieces(io.BytesIO(gzip.compress(bytes(1 << 27)))), 0)
    read = 0
    while chunk := member.read(1 << 16):
        read += len(chunk)
    assert "inflates to more than" in member.damage
    # The last read before the end was seen may still have given a chunk.
    assert read <= (1 << 27) // 2
