"""Parameters told in a recipe's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from headrace.shards.base.parameters import Parameter, parameters_of, summary, type_words
from headrace.shards.base.recipe import RecipeModel, RecipePath


@dataclass(frozen=True)
class Inner:
    """One of them.

    Args:
        word: What it is called; None for nothing.
    """

    word: str | None = None


@dataclass(frozen=True)
class Outer(Inner):
    """What it
    is.

    Args:
        first: A meaning
            on two lines.
        inners: Another one: with a colon.

    More of it.
    """

    first: Annotated[int, Field(ge=1)] = 1_000_000
    inners: list[Inner] = field(default_factory=list)


class Model(RecipeModel):
    size: int
    """How large."""
    inner: Inner = Inner()
    """The one."""
    more: tuple[Inner, ...] = (Inner(),)
    """The others."""


def test_parameters_are_told_with_those_that_are_inherited_and_nested():
    assert parameters_of(Outer) == (
        Parameter("word", "text or null", "null", "What it is called; null for nothing."),
        Parameter("first", "whole number >= 1", "1_000_000", "A meaning on two lines."),
        Parameter("inners", "list of mapping", "[]", "Another one: with a colon."),
        Parameter("inners.N.word", "text or null", "null", "What it is called; null for nothing."),
    )


def test_keys_of_a_model_mean_what_stands_below_them():
    assert parameters_of(Model) == (
        Parameter("size", "whole number", "required", "How large."),
        Parameter("inner", "mapping", "as below", "The one."),
        Parameter("inner.word", "text or null", "null", "What it is called; null for nothing."),
        Parameter("more", "list of mapping", "as below", "The others."),
        Parameter("more.N.word", "text or null", "null", "What it is called; null for nothing."),
    )


class Either(RecipeModel):
    """One of two."""

    part: Inner | Outer
    """This or that."""


def test_what_the_members_of_a_union_have_in_common_is_told_once():
    names = [each.name for each in parameters_of(Either)]
    assert names == ["part", "part.word", "part.first", "part.inners", "part.inners.N.word"]


def test_a_summary_is_one_line():
    assert summary(Outer) == "What it is."


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (tuple[str, ...], "list of text"),
        (tuple[float, float], "list of 2"),
        (list[str] | None, "list of text or null"),
        (Mapping[str, int], "mapping"),
        (RecipePath | None, "path or null"),
        (Path, "path"),
        (Literal["a", "b"], "a | b"),
        (Annotated[float, Field(gt=0, le=1)], "number > 0, <= 1"),
        (Annotated[int, "size", Field(gt=0)], "size"),
        (bool, "true or false"),
    ],
)
def test_types_are_told_in_a_recipes_words(hint, words):
    assert type_words(hint) == words


class Lines(RecipeModel):
    between: str = "\n\n"
    """What stands between."""


def test_a_default_of_several_lines_stays_on_one():
    assert [each.default for each in parameters_of(Lines)] == [r'"\n\n"']
