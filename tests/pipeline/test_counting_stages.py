"""A stage whose verdict depends on a count over the corpus: which records wait, as what, and how they go on."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from headrace.pipeline.filters.base import CountingFilter, Measures, Occurrences, Rule, RuleFilter
from headrace.pipeline.recipe import Stage
from headrace.pipeline.stages import score

TEXTS = ["a", "bb?", "loud!", "cc", "ddd?", "e!", "eeee?"]
RECORDS = pa.record_batch(
    {
        "number": pa.array(range(len(TEXTS)), pa.uint64()),
        "meta": pa.array(["{}"] * len(TEXTS), pa.large_string()),
        "text": pa.array(TEXTS, pa.large_string()),
    }
)


@dataclass(frozen=True)
class Made:
    """A plug-in in the place of the recipe's: what a stage asks of it."""

    plugin: object

    def load(self):
        return self.plugin


@dataclass(frozen=True)
class Length(RuleFilter):
    """Measures texts."""

    rules = (Rule("too_short", "characters", low=0),)

    def measure(self, batch):
        return Measures({"characters": np.array([len(text) for text in batch.column("text").to_pylist()], float)})


@dataclass(frozen=True)
class Rare(CountingFilter):
    """Counts texts with a question mark, and keeps what is frequent; fails on those that hold an exclamation mark."""

    rules = (Rule("rare", "unknown", high=0),)
    most = 1

    def measure(self, batch, frequent=None):
        texts = batch.column("text").to_pylist()
        if any("!" in text for text in texts):
            raise ValueError("loud")
        asks = np.array([row for row, text in enumerate(texts) if "?" in text], np.int64)
        keys = np.array([len(texts[row]) for row in asks], np.uint64)
        if frequent is None:
            return Measures({"unknown": np.zeros(len(texts))}, waits=Occurrences(asks, keys, keys + np.uint64(7)))
        return Measures({"unknown": np.array([float(len(text) not in frequent) for text in texts])})


STAGES = [
    Stage("filter", name, Made(plugin))
    for name, plugin in (("before", Length()), ("rare", Rare()), ("later", Length()))
]


def measured(scored, name):
    return np.flatnonzero(~np.isnan(scored.scores[name])).tolist()


def test_what_waits_goes_no_further_and_is_kept_as_it_stood():
    scored = score(STAGES, RECORDS)
    waiting = scored.waiting["rare"]
    assert waiting.records.column("text").to_pylist() == ["bb?", "ddd?", "eeee?"]
    assert (waiting.keys.tolist(), waiting.witnesses.tolist()) == ([3, 4, 5], [10, 11, 12])
    assert scored.batch.column("text").to_pylist() == ["a", "cc"]
    assert measured(scored, "before.characters") == list(range(len(TEXTS)))
    assert measured(scored, "rare.unknown") == measured(scored, "later.characters") == [0, 3]


def test_a_batch_that_is_halved_still_says_which_of_its_records_wait():
    """It is halved to find the records on which the filter fails."""
    failed = {each["number"]: each["reason"] for each in score(STAGES, RECORDS).fixed}
    assert failed == {2: "ValueError: loud", 5: "ValueError: loud"}


def test_what_waited_goes_on_with_what_is_frequent():
    waiting = score(STAGES, RECORDS).waiting["rare"]
    again = score(STAGES[1:], waiting.records, np.array([4], np.uint64))
    assert again.waiting == {}
    assert again.scores["rare.unknown"].tolist() == [1, 0, 1]
    assert again.batch.column("text").to_pylist() == ["bb?", "ddd?", "eeee?"]
