"""Fused stages on batches made by hand: which record gets which fate, and what is measured."""

import json
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.decide import decide
from headrace.pipeline.extractors.base import Extractor
from headrace.pipeline.filters.base import (
    KEEP,
    Drop,
    Filter,
    Measures,
    Rule,
    RuleFilter,
    Verdicts,
    record_filter,
)
from headrace.pipeline.population import DECISION_SCHEMA
from headrace.pipeline.recipe import Stage
from headrace.pipeline.stages import Scored, score
from headrace.shards.base.errors import InputError, PluginError


@dataclass(frozen=True)
class Made:
    """A plug-in in the place of the recipe's: what a stage asks of it."""

    plugin: object

    def load(self):
        return self.plugin


def stage(plugin, label=None):
    kind = "extractor" if isinstance(plugin, Extractor) else "filter"
    return Stage(kind, label or type(plugin).__name__.lower(), Made(plugin))


def records(texts, errors=None, payload="text"):
    kind = {"text": pa.large_string(), "content": pa.large_binary()}[payload]
    n = len(texts)
    return pa.record_batch(
        {
            "number": pa.array(range(100, 100 + n), pa.uint64()),
            "url": pa.array([f"http://{row}" for row in range(n)], pa.large_string()),
            "meta": pa.array(['{"known": 1}'] * n, pa.large_string()),
            "bytes": pa.array([len(text or "") for text in texts], pa.uint64()),
            "error": pa.array(errors or [None] * n, pa.large_string()),
            payload: pa.array(texts, kind),
        }
    )


@dataclass(frozen=True)
class Applied:
    """What was scored, and what was decided on it."""

    scored: Scored
    decisions: list

    def __getattr__(self, name):
        return getattr(self.scored, name)

    def alive(self):
        dead = pa.array({each["number"] for each in self.decisions}, pa.uint64())
        records = self.scored.batch.records
        return records.filter(pc.invert(pc.is_in(records.column("number"), value_set=dead)))


def apply(stages, batch):
    scored = score(stages, batch)
    fixed = pa.Table.from_pylist(scored.fixed, DECISION_SCHEMA)
    decisions = decide(stages, batch.column("number").to_numpy(), scored.scores, scored.evidence, fixed)
    return Applied(scored, decisions.to_pylist())


def fates(applied):
    return {each["number"] - 100: (each["fate"], each["stage"], each["reason"]) for each in applied.decisions}


def alive(applied):
    return [number - 100 for number in applied.alive().column("number").to_pylist()]


@dataclass(frozen=True)
class Short(RuleFilter):
    """Drops texts of fewer than `least` characters; fails on those that hold an exclamation mark."""

    least: int = 3

    @property
    def rules(self):
        return (Rule("too_short", "characters", low=self.least), Rule("too_long", "characters", high=100))

    def measure(self, batch):
        texts = batch.column("text").to_pylist()
        if any("!" in text for text in texts):
            raise ValueError("an exclamation mark")
        return Measures({"characters": np.array([len(text) for text in texts], float)})


@dataclass(frozen=True)
class Vowels(RuleFilter):
    """Drops texts without a vowel, and notes the first letter; cannot judge those that hold a question mark."""

    @property
    def rules(self):
        return (Rule("no_vowel", "vowels", low=1),)

    def measure(self, batch):
        texts = batch.column("text").to_pylist()
        counts = np.array([sum(letter in "aeiou" for letter in text) for text in texts], float)
        errors = ["a question mark" if "?" in text else None for text in texts]
        counts[[error is not None for error in errors]] = np.nan
        return Measures({"vowels": counts}, notes={"first": [text[:1] for text in texts]}, errors=errors)


@dataclass(frozen=True)
class Decode(Extractor):
    """ASCII; what is not ASCII fails, and three exclamation marks break it."""

    reads: ClassVar[str] = "content"
    writes: ClassVar[str] = "text"

    def extract(self, batch):
        texts, errors = [], []
        for content in batch.column("content").to_pylist():
            if content == b"!!!":
                raise RuntimeError("broken")
            ascii_ = content.isascii()
            texts.append(content.decode() if ascii_ else None)
            errors.append(None if ascii_ else "not ASCII")
        return pa.array(texts, pa.large_string()), errors


def test_every_record_has_one_fate_and_the_first_rule_wins():
    applied = apply([stage(Short()), stage(Vowels())], records(["fine", "x", "rhythm", "", "fine?"]))
    assert fates(applied) == {
        1: ("dropped", "short", "too_short"),
        2: ("dropped", "vowels", "no_vowel"),
        3: ("dropped", "short", "too_short"),
        4: ("failed", "vowels", "a question mark"),
    }
    assert alive(applied) == [0]
    reversed_order = apply([stage(Vowels()), stage(Short())], records(["fine", "x"]))
    assert fates(reversed_order) == {1: ("dropped", "vowels", "no_vowel")}


def test_measured_value_and_threshold_stand_beside_the_reason():
    applied = apply([stage(Short(5)), stage(Vowels())], records(["four", "x" * 101]))
    assert [(each["value"], each["threshold"]) for each in applied.decisions] == [(4, 5), (101, 100)]


def test_every_filter_scores_every_record_dropped_or_not():
    applied = apply([stage(Short()), stage(Vowels())], records(["fine", "x", "ai"]))
    assert applied.scores["short.characters"].tolist() == [4, 1, 2]
    assert applied.scores["vowels.vowels"].tolist() == [2, 0, 2]


def test_a_filter_that_raises_on_a_record_fails_this_record_alone():
    texts = [f"fine {row}" for row in range(100)]
    texts[17] = texts[80] = "fine!"
    applied = apply([stage(Vowels()), stage(Short())], records(texts))
    assert fates(applied) == dict.fromkeys((17, 80), ("failed", "short", "ValueError: an exclamation mark"))
    scores = applied.scores["short.characters"]
    assert [row for row in range(100) if math.isnan(scores[row])] == [17, 80]
    assert scores[0] == 6
    assert not np.isnan(applied.scores["vowels.vowels"]).any()


def test_a_record_that_a_later_filter_fails_on_has_failed_and_is_not_dropped_too():
    applied = apply([stage(Vowels()), stage(Short())], records(["!", "x"]))
    assert fates(applied) == {
        0: ("failed", "short", "ValueError: an exclamation mark"),
        1: ("dropped", "vowels", "no_vowel"),
    }


def test_what_could_not_be_read_is_never_shown_to_a_stage():
    applied = apply([stage(Short()), stage(Vowels())], records(["fine", None, "good"], [None, "cut off", None]))
    assert fates(applied) == {1: ("failed", "read", "cut off")}
    assert alive(applied) == [0, 2]
    assert np.isnan(applied.scores["short.characters"]).tolist() == [False, True, False]


def test_an_extractor_replaces_the_payload_and_fails_single_records():
    batch = records([b"fine", b"\xff", b"!!!", b"good"], payload="content")
    applied = apply([stage(Decode()), stage(Short())], batch)
    assert fates(applied) == {
        1: ("failed", "decode", "not ASCII"),
        2: ("failed", "decode", "RuntimeError: broken"),
    }
    assert applied.batch.schema.names == ["number", "url", "meta", "bytes", "text"]
    assert applied.alive().column("text").to_pylist() == ["fine", "good"]
    assert applied.rows.tolist() == [0, 3]
    assert batch.schema.names[-1] == "content"


@pytest.mark.parametrize("content", [b"!!!", b"\xff"])
def test_a_batch_whose_every_record_fails_goes_on_empty(content):
    applied = apply([stage(Decode()), stage(Vowels()), stage(Short())], records([content] * 3, payload="content"))
    assert {fate for fate, _, _ in fates(applied).values()} == {"failed"}
    assert alive(applied) == []
    assert apply([stage(Short())], records([])).alive().num_rows == 0


def test_notes_enter_the_meta_of_their_records():
    applied = apply([stage(Vowels()), stage(Short())], records(["fine", "ox", "good"]))
    assert [json.loads(meta) for meta in applied.alive().column("meta").to_pylist()] == [
        {"known": 1, "first": "f"},
        {"known": 1, "first": "g"},
    ]


def test_the_simple_form_needs_no_measure():
    @record_filter("blue", "red")
    def colour(record, word="blue"):
        if word in record.text:
            return Drop("blue")
        return Drop("red", record.text.count("red")) if "red" in record.text else None

    applied = apply([stage(colour(), "colour")], records(["a blue one", "red red", "green"]))
    assert fates(applied) == {0: ("dropped", "colour", "blue"), 1: ("dropped", "colour", "red")}
    # No number rather than NaN: the ledger's null says that nothing was measured.
    assert [(each["value"], each["threshold"]) for each in applied.decisions] == [(None, None), (2, None)]


def test_evidence_is_kept_as_json():
    @dataclass(frozen=True)
    class Evident(Filter):
        reasons = ("found",)

        def judge(self, batch):
            n = batch.num_rows
            rule = np.array([0 if row % 2 else KEEP for row in range(n)], np.int16)
            return Verdicts(rule, np.full(n, 1.0), np.full(n, 0.0), evidence=[{"item": row} for row in range(n)])

    applied = apply([stage(Evident())], records(["a", "b"]))
    assert [json.loads(each["evidence"]) for each in applied.decisions] == [{"item": 1}]


@dataclass(frozen=True)
class Shout(Filter):
    """Upper case, but for what holds a full stop, on which it breaks."""

    reasons = ("never",)
    edits = True

    def judge(self, batch):
        found = batch.column("text").to_pylist()
        if any("." in text for text in found):
            raise ValueError("a full stop")
        blank = np.full(len(found), np.nan)
        edits = [{"letters": len(text)} if text.upper() != text else None for text in found]
        edited = pa.array([text.upper() for text in found], pa.large_string())
        return Verdicts(np.full(len(found), KEEP, np.int16), blank, blank, edited=edited, edits=edits)


def test_filters_behind_an_edit_see_what_it_made_and_the_account_is_kept():
    applied = apply([stage(Vowels()), stage(Shout()), stage(Shout(), "again")], records(["ai", "Ea", "o.", "u"]))
    assert applied.alive().column("text").to_pylist() == ["AI", "EA", "U"]
    assert fates(applied) == {2: ("failed", "shout", "ValueError: a full stop")}
    assert applied.scored.edits == {
        number: [{"stage": "shout", "letters": letters}] for number, letters in ((100, 2), (101, 2), (103, 1))
    }
    assert applied.scores["vowels.vowels"].tolist() == [2, 1, 1, 1]


def test_what_is_computed_of_a_batch_is_computed_once_until_an_edit():
    asked = []

    def lengths(column):
        asked.append(column.to_pylist())
        return [len(text) for text in column.to_pylist()]

    @dataclass(frozen=True)
    class Measured(RuleFilter):
        """Counts characters by a shared analysis."""

        rules = (Rule("empty", "characters", low=1),)

        def measure(self, batch):
            return Measures({"characters": np.array(batch.computed(lengths), float)}, notes={"x": ["y"] * 2})

    apply(
        [stage(Measured()), stage(Measured(), "again"), stage(Shout()), stage(Measured(), "last")], records(["a", "b"])
    )
    assert asked == [["a", "b"], ["A", "B"]]


texts = st.lists(st.text("ab!?", max_size=5), max_size=20)


@given(texts, st.integers(1, 19))
def test_batching_changes_no_fate_and_no_measure(texts, cut):
    batch = records(texts)
    pieces = [batch, batch.slice(0, cut), batch.slice(cut)]
    whole, first, second = (apply([stage(Short()), stage(Vowels())], piece) for piece in pieces)
    assert fates(first) | fates(second) == fates(whole)
    assert [*alive(first), *alive(second)] == alive(whole)
    measured = [
        # Where every record of a batch failed, nothing was measured.
        applied.scores.get("short.characters", np.full(piece.num_rows, np.nan))
        for applied, piece in zip((whole, first, second), pieces, strict=True)
    ]
    np.testing.assert_array_equal(np.concatenate(measured[1:]), measured[0])


@given(texts)
def test_each_record_is_alive_or_decided_once(texts):
    applied = apply([stage(Short()), stage(Vowels())], records(texts))
    decided = [each["number"] - 100 for each in applied.decisions]
    assert sorted([*decided, *alive(applied)]) == list(range(len(texts)))


@dataclass(frozen=True)
class Faulty(Filter):
    """A filter that returns what `fault` says."""

    fault: str = ""
    reasons = ("bad",)

    def judge(self, batch):
        n = batch.num_rows
        kept, blank = np.full(n, KEEP, np.int16), np.full(n, np.nan)
        return {
            "short rule": lambda: Verdicts(kept[1:], blank, blank),
            "long value": lambda: Verdicts(kept, np.full(n + 1, 0.0), blank),
            "unknown rule": lambda: Verdicts(kept + 2, blank, blank),
            "score": lambda: Verdicts(kept, blank, blank, scores={"x": blank[1:]}),
            "note": lambda: Verdicts(kept, blank, blank, notes={"x": ["y"]}),
            "evidence": lambda: Verdicts(kept, blank, blank, evidence=[None]),
            "errors": lambda: Verdicts(kept, blank, blank, errors=[]),
            "an edit it denies": lambda: Verdicts(kept, blank, blank, edited=batch.column("text")),
        }[self.fault]()


@pytest.mark.parametrize(
    "fault", ["short rule", "long value", "unknown rule", "score", "note", "evidence", "errors", "an edit it denies"]
)
def test_a_filter_that_breaks_its_contract_stops_the_build(fault):
    with pytest.raises(PluginError, match="the filter 'faulty' breaks its contract"):
        apply([stage(Faulty(fault))], records(["a", "b", "c"]))


@pytest.mark.parametrize(
    ("column", "errors", "told"),
    [
        (pa.array(["a"], pa.large_string()), [None, None], "1 in the column"),
        (pa.array(["a", "b"], pa.string()), [None, None], "a column of string"),
        (pa.array(["a", None], pa.large_string()), [None, None], "neither a value nor an error"),
        (pa.array(["a", "b"], pa.large_string()), [None], "1 in the errors"),
    ],
)
def test_an_extractor_that_breaks_its_contract_stops_the_build(column, errors, told):
    class Broken(Decode):
        def extract(self, batch):
            return column, errors

    with pytest.raises(PluginError, match=told):
        apply([stage(Broken())], records([b"a", b"b"], payload="content"))


@pytest.mark.parametrize("error", [PluginError("no such reason"), InputError("the model is missing")])
def test_an_error_of_ours_is_no_records_fault(error):
    class Stops(Short):
        def measure(self, batch):
            raise error

    with pytest.raises(type(error)):
        apply([stage(Stops())], records(["a", "b"]))
