"""Curves hold their numbers, and nothing lopsided is drawn."""

import math

import pytest

from headrace.shards.base.errors import InputError
from headrace.shards.base.report import Curve, Series
from headrace.shards.report.curve import curve_figure
from headrace.shards.report.theme import embedded_json


def test_a_curve_with_fewer_y_than_x_is_refused() -> None:
    series = (Series(name="loss", x=(0, 1), y=(1,)),)
    with pytest.raises(InputError, match="2 x and 1 y"):
        curve_figure(Curve(title="t", x_label="step", y_label="loss", series=series))


def test_a_legend_only_where_there_is_something_to_tell_apart() -> None:
    one = Series(name="train", x=(0, 1), y=(2, 1))
    other = Series(name="held out", x=(0,), y=(2,))
    assert not curve_figure(Curve(title="t", x_label="x", y_label="y", series=(one,))).layout.showlegend
    assert curve_figure(Curve(title="t", x_label="x", y_label="y", series=(one, other))).layout.showlegend


def test_numbers_that_json_does_not_know_become_gaps() -> None:
    series = (Series(name="loss", x=(0, 1, 2), y=(1, math.nan, math.inf)),)
    text = embedded_json(curve_figure(Curve(title="t", x_label="x", y_label="y", series=series)))
    assert "NaN" not in text
    assert "Infinity" not in text


def test_markup_in_a_name_is_no_markup_to_plotly() -> None:
    series = (Series(name="<a href='http://x'>loss</a>", x=(0,), y=(1,)),)
    figure = curve_figure(Curve(title="t", x_label="<b>x</b>", y_label="y", series=series))
    assert figure.data[0].name == "&lt;a href='http://x'&gt;loss&lt;/a&gt;"
    assert figure.layout.xaxis.title.text == "&lt;b&gt;x&lt;/b&gt;"
