"""Tars of every kind, made by `tarfile`, against its own contents and against what WebDataset reads of them."""

import io
import posixpath
import tarfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webdataset import tariterators

from headrace.shards.base.errors import ShardError
from headrace.shards.format.survey import Survey, survey

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
PARTS = st.sampled_from(["a", "b.c", "né", "x" * 70, "y" * 120, "\udcff", "."])
KEYS = st.sampled_from(["k0", "k1", "k2", "ü", "z" * 130, "K"])
FIELDS = st.sampled_from(["jpg", "JSON", "seg.png", "txt", ""])
NAMES = st.builds(
    lambda parts, key, field: "/".join([*parts, f"{key}.{field}" if field else key]),
    st.lists(PARTS, max_size=2),
    KEYS,
    FIELDS,
)
MEMBERS = st.lists(
    st.tuples(NAMES, st.sampled_from(["file", "file", "file", "folder", "hard", "soft"]), st.binary(max_size=1500)),
    max_size=10,
)


def pack(members: list[tuple[str, str, bytes]], form: int, pax: dict[str, str] | None = None) -> bytes:
    """A tar; a link leads to a file that was drawn by its content, and is left out where there is none."""
    stream = io.BytesIO()
    files: list[str] = []
    with tarfile.open(fileobj=stream, mode="w", format=form, errors="surrogateescape", pax_headers=pax) as tar:
        for name, kind, data in members:
            info = tarfile.TarInfo(name)
            if kind == "file":
                info.size = len(data)
                info.mtime = len(data) / 8  # in the pax dialect, a header of its own
                files.append(name)
            elif kind == "folder":
                info.type = tarfile.DIRTYPE
            elif files:
                target = files[len(data) % len(files)]
                info.type = tarfile.LNKTYPE if kind == "hard" else tarfile.SYMTYPE
                info.linkname = target if kind == "hard" else posixpath.relpath(target, posixpath.dirname(name) or ".")
            else:
                continue
            try:
                tar.addfile(info, io.BytesIO(data) if kind == "file" else None)
            except ValueError:  # a name too long for the dialect
                files = [each for each in files if each != name]
    return stream.getvalue()


def fields_of(data: bytes, found: Survey) -> list[tuple[str, dict[str, bytes]]]:
    index = found.index
    return [
        (
            index.key(row),
            {
                field: data[offset : offset + size]
                for field, offset, size in zip(
                    index.fields, index.offsets[row].tolist(), index.sizes[row].tolist(), strict=True
                )
                if offset >= 0
            },
        )
        for row in range(index.samples)
    ]


def theirs(data: bytes) -> list[tuple[str, dict[str, bytes]]]:
    """What WebDataset reads."""
    files = tariterators.tar_file_iterator(io.BytesIO(data))
    samples: list[dict[str, Any]] = list(tariterators.group_by_keys({**each, "__url__": "x"} for each in files))
    return [(each["__key__"], {name: each[name] for name in each if name[:2] != "__"}) for each in samples]


@given(MEMBERS, st.sampled_from(FORMATS), st.sampled_from([None, {"comment": "of all"}]))
def test_what_webdataset_reads(members: list[tuple[str, str, bytes]], form: int, pax: dict[str, str] | None) -> None:
    plain = [each for each in members if each[1] in ("file", "folder")]
    data = pack(plain, form, pax if plain else None)  # tarfile refuses a global header before nothing
    try:
        expected = theirs(data)
    except ValueError:  # a field twice
        with pytest.raises(ShardError, match="twice"):
            survey(io.BytesIO(data))
        return
    assert fields_of(data, survey(io.BytesIO(data))) == expected


@given(MEMBERS, st.sampled_from(FORMATS))
def test_everything_is_a_field_or_passed_over(members: list[tuple[str, str, bytes]], form: int) -> None:
    unique = {posixpath.normpath(each[0]).lower(): each for each in members}
    data = pack(list(unique.values()), form)
    found = survey(io.BytesIO(data))
    ours = {f"{key}.{field}": content for key, fields in fields_of(data, found) for field, content in fields.items()}
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as tar:
        contents = {each.name: tar.extractfile(each) for each in tar if not each.isdir()}
        expected = {name: file.read() for name, file in contents.items() if file is not None}
    assert list(expected) == list(contents)
    assert set(found.passed_over) == {name for name in expected if "." not in posixpath.basename(name)}
    assert {name.lower(): content for name, content in ours.items()} == {
        name.lower(): content for name, content in expected.items() if name not in found.passed_over
    }


def tar_of(*names: str) -> bytes:
    return pack([(name, "file", name.encode("utf-8", "surrogateescape")) for name in names], tarfile.GNU_FORMAT)


def test_what_is_passed_over_is_told() -> None:
    found = survey(io.BytesIO(tar_of("README", "a.txt", "__meta__/x.json", "d.x/noext", "b.txt")))
    assert found.passed_over == ("README", "__meta__/x.json", "d.x/noext")
    assert found.index.keys_of([0, 1]) == ["a", "b"]


def test_files_of_a_sample_that_do_not_stand_together_are_told() -> None:
    found = survey(io.BytesIO(tar_of("a.jpg", "b.jpg", "a.txt", "b.txt")))
    assert found.returning == ("a", "b")
    assert found.index.keys_of(range(4)) == ["a", "b", "a", "b"]


def test_what_stands_behind_the_end_is_told() -> None:
    data = tar_of("a.txt")
    assert survey(io.BytesIO(data)).trailing == 0
    assert survey(io.BytesIO(data + bytes(2000))).trailing == 0
    assert survey(io.BytesIO(data + bytes(99) + b"!" + bytes(7))).trailing == 8
    appended = survey(io.BytesIO(data + data))
    assert appended.index.samples == 1
    assert appended.trailing == len(data)


@pytest.mark.parametrize(
    ("name", "words"), [("a.__key__", "does not begin with '__'"), ("a.t\udcff", "in UTF-8"), ("a.TXT", "'txt' twice")]
)
def test_fields_that_cannot_be(name: str, words: str) -> None:
    with pytest.raises(ShardError, match=words):
        survey(io.BytesIO(tar_of("a.txt", name)))


def test_dots_within_names_are_told() -> None:
    data = tar_of(*(f"{number}.{number}.jpg" for number in range(1100)))
    with pytest.raises(ShardError, match=r"a field of its own: there are 1,100.*0.jpg, 1.jpg"):
        survey(io.BytesIO(data))


def test_links_over_links_and_in_circles() -> None:
    def links(*pairs: tuple[str, str]) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            for name, target in pairs:
                info = tarfile.TarInfo(name)
                info.type, info.linkname = tarfile.SYMTYPE, target
                tar.addfile(info)
            info = tarfile.TarInfo("./d/c.txt")
            info.size = 4
            tar.addfile(info, io.BytesIO(b"data"))
        return stream.getvalue()

    data = links(("a.txt", "b.txt"), ("b.txt", "d/../d/c.txt"), ("e/x.txt", "../b.txt"))
    assert fields_of(data, survey(io.BytesIO(data))) == [(key, {"txt": b"data"}) for key in ("a", "b", "e/x", "./d/c")]
    for target in ("a.txt", "/etc/passwd", "../../etc/passwd", "nowhere"):
        with pytest.raises(ShardError, match=r"'a.txt' at byte 0.*a link to.*no file of the tar"):
            survey(io.BytesIO(links(("a.txt", target))))


DAMAGED = [
    pack(
        [
            ("a.txt", "file", b"x" * 700),
            ("d/" * 60 + "é.txt", "file", b""),
            ("l.txt", "hard", b""),
            ("f", "folder", b""),
        ],
        form,
    )
    for form in FORMATS[1:]
]


@given(
    st.sampled_from(DAMAGED),
    st.lists(st.tuples(st.integers(0, 7000), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 12_000),
)
def test_damage_under_a_right_checksum_is_refused_or_read(
    tar: bytes, flips: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(tar)
    for place, value in flips:
        data[place] = value
        begin = place // 512 * 512
        if data[begin + 257 : begin + 262] == b"ustar":
            data[begin + 148 : begin + 156] = b" " * 8
            data[begin + 148 : begin + 156] = b"%06o\0 " % sum(data[begin : begin + 512])
    for damaged in (data, data[:length]):
        try:
            index = survey(io.BytesIO(bytes(damaged))).index
        except ShardError:
            continue
        assert not index.offsets.size or int((index.offsets + index.sizes).max()) <= len(damaged)
        index.dump()
