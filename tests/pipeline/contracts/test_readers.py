"""The reader contract finds each kind of breach."""

import sys
from dataclasses import dataclass

import pytest

from headrace.pipeline.contracts.readers import check_reader, damaged
from headrace.pipeline.readers.base import Reader, Span
from headrace.pipeline.records import BatchBuilder

EXAMPLES = ((b"one\ntwo\nthree", ("one", "two", "three")),)


@dataclass(frozen=True)
class Lines(Reader):
    """A line is a record; one that is no UTF-8 fails."""

    payload = "text"
    patterns = ("*.txt",)

    def spans(self, file, size, target):
        return [Span(start, min(start + target, size)) for start in range(0, size, target)]

    def read(self, file, span):
        builder = BatchBuilder("text")
        offset = 0
        for line in file.read().splitlines(keepends=True):
            if span.start <= offset < span.stop:
                self.add(builder, offset, line.rstrip())
            offset += len(line)
        yield from builder.rest()

    def add(self, builder, offset, line):
        try:
            builder.add(offset, line.decode())
        except UnicodeDecodeError as error:
            builder.add(offset, None, size=len(line), error=str(error))


def laws(reader):
    return {finding.law for finding in check_reader(reader)}


def test_a_good_reader_passes():
    assert check_reader(Lines) == []


def test_a_reader_that_raises_for_a_bad_record_is_found():
    class Raising(Lines):
        def add(self, builder, offset, line):
            builder.add(offset, line.decode())

    assert laws(Raising()) == {"no bytes make it raise"}


def test_a_reader_that_loses_a_line_at_a_cut_is_found():
    class Cutting(Lines):
        def read(self, file, span):
            file.seek(span.start)
            builder = BatchBuilder("text")
            self.add(builder, span.start, file.readline().rstrip())
            yield from builder.rest()

    found = laws(Cutting())
    assert "its EXAMPLES hold" in found
    assert "the records do not depend on how a file is split" in found


def test_a_reader_without_examples_is_told_so(monkeypatch):
    monkeypatch.delattr(sys.modules[__name__], "EXAMPLES")
    (finding,) = check_reader(Lines)
    assert "has none" in finding.what


def test_what_is_no_reader_is_told_so():
    class Strange(Lines):
        payload = "sound"

    assert laws(Strange()) == {"it has the form of a reader"}


@pytest.mark.parametrize("data", [b"", b"a", bytes(range(256))])
def test_damages_are_the_same_each_time_and_of_every_kind(data):
    copies = [damaged(data, number) for number in range(100)]
    assert copies == [damaged(data, number) for number in range(100)]
    if len(data) > 100:
        assert {len(copy) < len(data) for copy in copies} == {len(copy) > len(data) for copy in copies} == {True, False}
        assert any(len(copy) == len(data) and copy != data for copy in copies)
