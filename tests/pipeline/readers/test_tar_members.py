"""Tars against the standard library's `tarfile`, and where it gives up."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.readers._tar_members import BLOCK, tar_members

NAMES = st.text(st.sampled_from("abcdé日/."), min_size=1, max_size=300).map(lambda name: "f" + name.strip("/"))
FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def tarred(files, form=tarfile.PAX_FORMAT, **headers):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form, pax_headers=headers) as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def walk(data, limit=1 << 20):
    return list(tar_members(io.BytesIO(data).read, limit))


@given(
    files=st.lists(st.tuples(NAMES, st.binary(max_size=1500)), min_size=1, max_size=5),
    form=st.sampled_from(["gnu", "pax"]),
    comment=st.booleans(),
)
def test_files_are_those_that_tarfile_finds(files, form, comment):
    data = tarred(files, FORMATS[form], **({"comment": "global"} if comment else {}))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        expected = [(each.name, each.offset, archive.extractfile(each).read()) for each in archive if each.isreg()]
    assert [(each.path, each.offset, each.content) for each in walk(data)] == expected


def test_what_is_no_regular_file_is_passed_over():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind in (tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            member = tarfile.TarInfo("odd")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        archive.addfile(tarfile.TarInfo("regular"))
    assert [each.path for each in walk(buffer.getvalue())] == ["regular"]


def test_a_damaged_header_costs_its_own_file():
    data = bytearray(tarred([("a", b"one"), ("b", b"two" * 300), ("c", b"three")], tarfile.USTAR_FORMAT))
    data[2 * BLOCK + 10] ^= 1
    found = walk(bytes(data))
    assert [(each.path, each.content) for each in found] == [("a", b"one"), ("", None), ("c", b"three")]
    assert (found[1].offset, found[1].size) == (2 * BLOCK, 3 * BLOCK)


@pytest.mark.parametrize("end", [600, 700, 1024, 1100])
def test_an_archive_cut_off_inside_a_file_says_so(end):
    data = tarred([("a", b"x" * 100), ("b", b"y" * 2000)], tarfile.USTAR_FORMAT)
    last = walk(data[: 512 + end])[-1]
    assert last.error is not None or last.path == "a"
    if end > 1024:
        assert f"ends after {end - 1024} of the file's 2000 bytes" in last.error


def test_a_file_beyond_the_limit_is_passed_over():
    found = walk(tarred([("a", b"x" * 5000), ("b", b"y")]), limit=100)
    assert [(each.path, each.content) for each in found] == [("a", None), ("b", b"y")]
    assert found[0].size == 5000


def test_a_sparse_file_is_refused():
    member = tarfile.TarInfo("holes")
    member.type, member.size = tarfile.GNUTYPE_SPARSE, 1 << 40
    data = member.tobuf(tarfile.GNU_FORMAT) + tarred([])
    (found,) = walk(data, limit=1 << 50)
    assert found.error is not None


@given(data=st.binary(max_size=3000))
def test_nonsense_is_accounted_for_to_the_last_byte(data):
    found = walk(data)
    if data.strip(b"\0"):
        assert sum(each.size for each in found) <= len(data)
        assert found
