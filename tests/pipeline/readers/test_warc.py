"""WARC files, whole and damaged: a page is either read as it was written, or its place is a failed record."""

import gzip
import json
import zlib
from itertools import accumulate

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.pipeline.contracts.readers import read_rows as read
from headrace.pipeline.readers.warc import Warc

FIXTURES_STAY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


def page(number):
    return b"<p>page %d" % number


def pages(rows):
    return [row["content"] for row in rows if row["error"] is None]


def failures(rows):
    return [(row["position"], row["bytes"]) for row in rows if row["error"] is not None]


def offsets(parts):
    return list(accumulate(map(len, parts), initial=0))


def test_a_page_comes_with_its_address_headers_and_place(crawl):
    rows = read(Warc(), b"".join(crawl))
    assert pages(rows) == [page(number) for number in range(5)]
    assert [row["position"] for row in rows] == offsets(crawl)[:-1]
    assert rows[2]["url"] == "http://x/2"
    assert rows[2]["bytes"] == len(page(2))
    assert json.loads(rows[2]["meta"]) == {
        "charset": "utf-8",
        "content_type": "text/html",
        "date": "2024-05-06T07:08:09Z",
        "status": 200,
    }


def test_positions_are_the_offsets_of_gzip_members(members):
    rows = read(Warc(), b"".join(members))
    assert [row["position"] for row in rows] == offsets(members)[:-1]


def test_records_of_one_member_count_on_from_its_offset(crawl, members):
    rows = read(Warc(), members[0] + gzip.compress(b"".join(crawl)) + members[1])
    first = len(members[0])
    assert [row["position"] for row in rows][:6] == [0, *range(first, first + 5)]
    assert len(pages(rows)) == 7


def test_only_the_wanted_statuses_and_types_are_records(response):
    plain = response(1, header=b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n")
    gone = response(2, header=b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n")
    request = response(3).replace(b"WARC-Type: response", b"WARC-Type: request")
    data = plain + gone + request + response(4)
    assert pages(read(Warc(), data)) == [page(4)]
    assert pages(read(Warc(statuses=(404,)), data)) == [page(2)]
    assert pages(read(Warc(content_types=("text/plain",)), data)) == [page(1)]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"HTTP/1.0 200 OK\nContent-Type: text/html\n", "text/html"),
        (b"HTTP/2 200\r\ncontent-type: TEXT/HTML;charset='UTF-8'\r\n", "text/html"),
        (
            b"HTTP/1.1 200 OK\r\nX: \xff\xfe\r\nno colon\r\nContent-Type: application/xhtml+xml\r\n",
            "application/xhtml+xml",
        ),
    ],
)
def test_sloppy_http_headers_are_read(response, header, expected):
    (row,) = read(Warc(), response(1, header=header))
    assert row["error"] is None
    assert json.loads(row["meta"])["content_type"] == expected
    assert row["content"].lstrip() == page(1)


def test_the_address_loses_the_brackets_that_wget_puts_around_it(response):
    (row,) = read(Warc(), response(1).replace(b"http://x/1", b"<http://x/1>"))
    assert row["url"] == "http://x/1"


@pytest.mark.parametrize(
    ("coding", "body", "said"),
    [
        (b"Transfer-Encoding: chunked", b"5\r\n<p>it\r\n", "chunk"),
        (b"Transfer-Encoding: chunked", b"<p>never chunked", "chunk size at byte 0"),
        (b"Content-Encoding: gzip", gzip.compress(b"<p>" * 99, mtime=0)[:-9], "end mark"),
        (b"Content-Encoding: gzip", b"<p>never compressed", "gzip"),
        (b"Content-Encoding: br", b"<p>never compressed", "br"),
        (b"Content-Encoding: sdch", b"<p>", "unknown HTTP coding 'sdch'"),
        (b"X: y", b"", "empty"),
    ],
)
def test_a_body_that_does_not_decode_fails(response, coding, body, said):
    record = response(1, body, header=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + coding + b"\r\n")
    rows = read(Warc(), record + response(2))
    assert said in rows[0]["error"]
    assert rows[0]["url"] == "http://x/1"
    assert pages(rows) == [page(2)]


def test_a_body_that_expands_beyond_the_limit_fails(response):
    header = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n"
    (row,) = read(Warc(max_bytes=100_000), response(1, gzip.compress(bytes(10_000_000)), header=header))
    assert "more than 100000 bytes" in row["error"]


@pytest.mark.parametrize(
    "data", [b"", b"just text\n" * 50, b"\x1f\x8b but no gzip", gzip.compress(b"just text", mtime=0)]
)
def test_what_is_no_warc_is_one_failed_record_of_its_size(data):
    assert failures(read(Warc(), data)) == [(0, len(data))]


@pytest.mark.parametrize("length", [0, 5, 200, 10**12, -5])
@pytest.mark.parametrize("packed", ["plain", "a member each", "one member"])
def test_a_lying_length_costs_its_own_record_alone(response, packed, length):
    records = [response(number, length=length if number == 2 else None) for number in range(5)]
    pack = {
        "plain": b"".join,
        "a member each": lambda each: b"".join(map(gzip.compress, each)),
        "one member": lambda each: gzip.compress(b"".join(each)),
    }[packed]
    rows = read(Warc(), pack(records))
    assert pages(rows) == [page(number) for number in (0, 1, 3, 4)]
    assert len(failures(rows)) == 1


def test_a_record_beyond_the_limit_fails_without_its_neighbours(response):
    data = response(1) + response(2, b"x" * 100_000) + response(3)
    rows = read(Warc(max_bytes=50_000), data)
    assert pages(rows) == [page(1), page(3)]
    assert "more than the limit of 50000" in rows[1]["error"]


def test_a_large_record_that_nobody_wants_is_no_failure(response):
    unwanted = response(2, b"x" * 100_000).replace(b"WARC-Type: response", b"WARC-Type: resource")
    rows = read(Warc(max_bytes=50_000), response(1) + unwanted + response(3))
    assert pages(rows) == [page(1), page(3)]
    assert not failures(rows)


def test_garbage_between_records_is_a_failure_of_its_size(crawl, members):
    rows = read(Warc(), crawl[0] + b"garbage\r\n" * 9 + crawl[1])
    assert pages(rows) == [page(0), page(1)]
    assert failures(rows) == [(len(crawl[0]), 81)]
    rows = read(Warc(), members[0] + b"garbage" * 9 + members[1])
    assert failures(rows) == [(len(members[0]), 63)]


def test_zeros_behind_the_last_gzip_member_are_padding(members):
    rows = read(Warc(), b"".join(members) + bytes(512))
    assert len(pages(rows)) == 5
    assert not failures(rows)


def test_a_wrong_checksum_fails_the_record(members):
    members[2] = members[2][:-6] + b"\0" + members[2][-5:]
    rows = read(Warc(), b"".join(members))
    assert pages(rows) == [page(number) for number in (0, 1, 3, 4)]
    assert failures(rows) == [(offsets(members)[2], len(members[2]))]


def test_a_download_cut_off_inside_one_large_member_keeps_what_came_before(response):
    # Pages that do not compress, so that the cut lies far behind the first of them.
    noise = [zlib.crc32(b"%d" % number).to_bytes(4) for number in range(100_000)]
    records = [response(number, b"".join(noise[number * 1000 : number * 1000 + 1000])) for number in range(100)]
    data = gzip.compress(b"".join(records))
    rows = read(Warc(), data[: len(data) // 2])
    assert 40 <= len(pages(rows)) < 51
    assert failures(rows)
    assert "ends inside a gzip member" in rows[-1]["error"]


@FIXTURES_STAY
@given(data=st.data())
def test_damage_to_a_gzip_member_costs_no_page_of_another(members, data):
    """The law of this reader: pages of untouched members are all read; a touched member is a page or a failure."""
    starts = offsets(members)
    whole = b"".join(members)
    place = data.draw(st.integers(0, len(whole) - 1), label="place")
    kind = data.draw(st.sampled_from(["cut off", "change", "leave out", "put in"]), label="kind")
    size = data.draw(st.integers(1, 400), label="size")
    if kind == "cut off":
        damaged, touched = whole[:place], range(place, len(whole))
    elif kind == "change":
        damaged, touched = whole[:place] + bytes([whole[place] ^ size % 255 + 1]) + whole[place + 1 :], [place]
    elif kind == "leave out":
        damaged, touched = whole[:place] + whole[place + size :], range(place, min(place + size, len(whole)))
    else:
        damaged, touched = (
            whole[:place] + b"\x1f\x8b\x08" + data.draw(st.binary(max_size=size)) + whole[place:],
            [place],
        )
    hit = {number for number in range(5) if any(starts[number] <= byte < starts[number + 1] for byte in touched)}
    if not damaged:
        return
    rows = read(Warc(), damaged)
    found = pages(rows)
    assert {page(number) for number in range(5) if number not in hit} <= set(found)
    assert len(found) == len(set(found))
    if len(found) < 5 and not failures(rows):
        # Then the pages that were read are all that the file holds, NUL (padding) aside.
        there = b"".join(members[number] for number in range(5) if page(number) in found)
        assert damaged.replace(b"\0", b"") == there.replace(b"\0", b"")


@FIXTURES_STAY
@given(length=st.integers(0, 2000), which=st.integers(0, 4))
def test_any_length_either_leads_to_the_end_of_a_record_or_fails(response, length, which):
    records = [response(number, length=length if number == which else None) for number in range(5)]
    rows = read(Warc(), b"".join(records))
    others = {page(number) for number in range(5) if number != which}
    if not failures(rows):
        # It told the truth, or it swallowed whole records as the block that it says it has.
        assert rows[which]["content"].startswith(page(which))
    else:
        assert others <= set(pages(rows)) or any(b"WARC/1.0" in each for each in pages(rows))
