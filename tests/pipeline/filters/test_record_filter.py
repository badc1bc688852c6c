"""The simple form: a function of one record."""

import pytest

from headrace.pipeline.filters.base import Drop, Record, record_filter
from headrace.shards.base.errors import PluginError


@record_filter("short", "shouting", version=3)
def example(record: Record, min_length: int = 3, marks: tuple[str, ...] = ("!",)) -> Drop | None:
    """Drops short and shouting documents."""
    if len(record.text) < min_length:
        return Drop("short", len(record.text), min_length)
    return Drop("shouting") if record.text.endswith(marks) else None


def test_it_is_a_filter_with_parameters(texts, reasons):
    batch = texts("hello", "no", "hey!", "hey?")
    assert reasons(example(), batch) == [None, "short", "shouting", None]
    assert reasons(example(min_length=0, marks=("?",)), batch) == [None, None, None, "shouting"]
    assert (example.version, example.reads, example().reasons) == (3, "text", ("short", "shouting"))
    assert example.__doc__ == "Drops short and shouting documents."


def test_value_and_threshold_reach_the_verdict(texts):
    verdicts = example().judge(texts("no"))
    assert (verdicts.value[0], verdicts.threshold[0]) == (2, 3)


def test_it_sees_url_and_meta(texts, reasons):
    @record_filter("no_address")
    def addressed(record: Record) -> Drop | None:
        return None if record.url else Drop("no_address")

    assert reasons(addressed(), texts("a")) == ["no_address"]


def test_a_reason_that_is_not_declared_breaks_the_contract(texts):
    @record_filter("declared")
    def careless(record: Record) -> Drop | None:
        return Drop("other")

    with pytest.raises(PluginError, match=r"Found: other. Expected: declared"):
        careless().judge(texts("a"))


def test_a_result_that_is_no_verdict_breaks_the_contract(texts):
    @record_filter("bad")
    def boolean(record: Record) -> bool:
        return False

    with pytest.raises(PluginError, match=r"Found: False. Expected: None to keep"):
        boolean().judge(texts("a"))


def test_mistakes_in_the_declaration_are_named():
    with pytest.raises(PluginError, match="declares no reason"):
        record_filter()(lambda record: None)
    with pytest.raises(PluginError, match=r"without a default. Found: limit"):
        record_filter("bad")(lambda record, limit: None)
