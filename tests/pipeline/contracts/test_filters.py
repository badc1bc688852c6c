"""The filter contract finds each kind of breach; a good filter passes."""

import sys
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from headrace.pipeline.contracts.check import run_check
from headrace.pipeline.contracts.filters import FIRST, FORM, LAWS, MADE, SURVIVES, VERDICTS, check_filter
from headrace.pipeline.filters.base import (
    CountingFilter,
    Drop,
    Filter,
    Measures,
    Occurrences,
    Record,
    Rule,
    RuleFilter,
    record_filter,
)
from headrace.shards.base.errors import PluginError

ALONE, UNCHANGED, EXAMPLE = LAWS

EXAMPLES = ((Record(None, {}, text="ok"), None), (Record(None, {}, text="y" * 40), "long"))


@dataclass(frozen=True)
class Good(RuleFilter):
    """Drops long documents."""

    limit: int = 30

    @property
    def rules(self):
        return (Rule("long", "length", high=self.limit),)

    def measure(self, batch):
        return Measures({"length": np.array([len(text) for text in batch.column("text").to_pylist()], float)})


def broken_laws(plugin):
    return [finding.law for finding in check_filter(plugin)]


def changed(**parts):
    """A filter whose verdicts are the good ones with some parts replaced, by functions of them and the batch."""

    @dataclass(frozen=True)
    class Changed(Good):
        def judge(self, batch):
            verdicts = super().judge(batch)
            return replace(verdicts, **{name: change(verdicts, batch) for name, change in parts.items()})

    return Changed


def counting(witness):
    """A filter that counts long documents; `witness` makes of a batch what they are witnesses as."""

    @dataclass(frozen=True)
    class Counting(CountingFilter):
        rules = (Rule("long", "length", high=30),)
        most = 3

        def measure(self, batch, frequent=None):
            lengths = np.array([len(text) for text in batch.column("text").to_pylist()], float)
            rows = np.flatnonzero(lengths > 30)
            waits = Occurrences(rows, np.full(len(rows), 7, np.uint64), witness(batch)[rows].astype(np.uint64))
            return Measures({"length": lengths}, waits=waits if frequent is None else None)

    return Counting


def test_what_a_filter_counts_is_the_same_in_any_batch():
    # By itself each document is a witness as its own text is, in whatever place of the batch it stands.
    by_text = counting(lambda batch: np.array([len(text) for text in batch.column("text").to_pylist()]))
    assert ALONE not in broken_laws(by_text)
    assert ALONE in broken_laws(counting(lambda batch: np.arange(batch.num_rows)))


def test_a_good_filter_passes_as_class_and_as_instance():
    assert check_filter(Good) == []
    assert EXAMPLE in broken_laws(Good(limit=50))


def test_a_filter_without_examples_is_told_so(monkeypatch):
    monkeypatch.delattr(sys.modules[__name__], "EXAMPLES")
    (finding,) = check_filter(Good)
    assert finding.law == EXAMPLE
    assert "has no EXAMPLES" in finding.what


@dataclass(frozen=True)
class NeedsLimit(Filter):
    limit: int
    reasons = ("long",)

    def judge(self, batch): ...


@dataclass
class NotFrozen:
    reasons = ("long",)


@dataclass(frozen=True)
class ReadsSound(Good):
    reads: ClassVar[str] = "sound"


@dataclass(frozen=True)
class SameReasonTwice(Good):
    @property
    def rules(self):
        return (*super().rules, *super().rules)


@dataclass(frozen=True)
class Idle(Good):
    rules = ()


@pytest.mark.parametrize(
    ("plugin", "law", "said"),
    [
        (NeedsLimit, MADE, "limit"),
        (NotFrozen, FORM, "no Filter"),
        (ReadsSound, FORM, "reads 'sound'"),
        (SameReasonTwice, FORM, "declared twice"),
        (Idle, FORM, "does nothing"),
    ],
)
def test_a_filter_of_the_wrong_form_is_not_even_tried(plugin, law, said):
    (finding,) = check_filter(plugin)
    assert finding.law == law
    assert said in finding.what


@pytest.mark.parametrize("bad", ["", "\0", "\U0010fffd", "\u0301"])
def test_a_filter_that_cannot_bear_a_text_is_told_which(bad):
    @record_filter("long")
    def fragile(record: Record) -> Drop | None:
        if record.text == bad or (bad and bad in record.text):
            raise KeyError(bad)
        return Drop("long") if len(record.text) > 30 else None

    (finding,) = check_filter(fragile)
    assert finding.law == SURVIVES
    assert "KeyError" in finding.what


def seen_before(verdicts, batch):
    """Verdicts that depend on the neighbours: all but the first record are dropped."""
    return np.where(np.arange(batch.num_rows) > 0, 0, -1).astype(np.int16)


def write_into(verdicts, batch):
    data = np.frombuffer(batch.column("text").buffers()[2], np.uint8)
    # What a careless kernel can do, though numpy says that Arrow's memory is read-only.
    pointer, _ = data.__array_interface__["data"]
    import ctypes

    ctypes.memset(pointer, ord("x"), 1)
    return verdicts.rule


CASES: list[tuple[dict[str, Any], str]] = [
    ({"rule": lambda verdicts, batch: verdicts.rule + np.int16(7)}, VERDICTS),
    ({"rule": lambda verdicts, batch: verdicts.rule[:-1]}, VERDICTS),
    ({"rule": lambda verdicts, batch: verdicts.rule.astype(np.int64)}, VERDICTS),
    ({"value": lambda verdicts, batch: np.zeros(batch.num_rows)}, VERDICTS),
    ({"scores": lambda verdicts, batch: {"length": np.zeros(batch.num_rows, np.float32)}}, VERDICTS),
    ({"notes": lambda verdicts, batch: {"note": [1] * batch.num_rows}}, VERDICTS),
    ({"evidence": lambda verdicts, batch: [{"a": {1}}] * batch.num_rows}, VERDICTS),
    ({"rule": seen_before}, ALONE),
    ({"scores": lambda verdicts, batch: {"rows": np.full(batch.num_rows, float(batch.num_rows))}}, ALONE),
    ({"notes": lambda verdicts, batch: {"note": [str(batch.num_rows)] * batch.num_rows}}, ALONE),
    ({"rule": write_into}, UNCHANGED),
]


@pytest.mark.parametrize(("parts", "law"), CASES)
def test_each_breach_is_found(parts, law):
    assert law in broken_laws(changed(**parts))


def test_the_command_prints_every_law_and_fails_for_a_broken_filter(tmp_path, capsys):
    path = tmp_path / "mine.py"
    path.write_text(
        "from headrace.pipeline.filters.base import Drop, Record, record_filter\n"
        "@record_filter('empty')\n"
        "def good(record: Record):\n    return None if record.text else Drop('empty')\n"
        "@record_filter('empty')\n"
        "def bad(record: Record):\n    return None if record.text[0] else Drop('empty')\n"
        "EXAMPLES = ((Record(None, {}, text='a'), None),)\n"
    )
    run_check(f"{path}:good")
    assert capsys.readouterr().out.count("holds") == len(FIRST) + len(LAWS)
    with pytest.raises(PluginError, match=r"breaks its contract.*IndexError"):
        run_check(f"{path}:bad")
    printed = capsys.readouterr().out
    assert printed.count("broken") == 1
    assert printed.count("not run") == 1 + len(LAWS)
