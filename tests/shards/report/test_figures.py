"""Histograms show their thresholds and what is dropped; curves hold their numbers; nothing lopsided is drawn."""

import math

import pytest

from headrace.shards.base.errors import InputError
from headrace.shards.base.report import Curve, Histogram, Series
from headrace.shards.report.figures import (
    DROPPED,
    KEPT,
    curve_figure,
    embedded_json,
    histogram_figure,
    numeral,
    threshold_words,
)


def test_bars_outside_the_thresholds_are_grey_and_shaded() -> None:
    figure = histogram_figure(Histogram(title="t", edges=(0, 10, 20, 30, 40), counts=(1, 2, 3, 4), low=10, high=30))
    assert list(figure.data[0].marker.color) == [DROPPED, KEPT, KEPT, DROPPED]
    lines = [shape.x0 for shape in figure.layout.shapes if shape.type == "line"]
    shades = [(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.type == "rect"]
    assert lines == [10, 30]
    assert shades == [(0, 10), (30, 40)]


def test_a_bin_that_a_threshold_cuts_is_not_grey() -> None:
    cut = histogram_figure(Histogram(title="t", edges=(0, 10, 20, 30), counts=(1, 2, 3), low=5, high=25))
    none_allowed = histogram_figure(Histogram(title="t", edges=(0, 0.5, 1), counts=(9, 1), high=0))
    assert list(cut.data[0].marker.color) == [KEPT, KEPT, KEPT]
    assert list(none_allowed.data[0].marker.color) == [KEPT, DROPPED]


def test_a_threshold_beside_the_data_widens_the_axis_and_one_far_away_does_not() -> None:
    near = histogram_figure(Histogram(title="t", edges=(10, 15, 20), counts=(1, 1), low=8))
    far = histogram_figure(Histogram(title="t", edges=(10, 15, 20), counts=(1, 1), high=1e6))
    assert list(near.layout.xaxis.range) == [8, 20]
    assert list(far.layout.xaxis.range) == [10, 20]
    assert not far.layout.shapes


def test_bins_of_very_different_widths_are_drawn_on_a_logarithmic_axis() -> None:
    edges = tuple(10.0**power for power in range(6))
    figure = histogram_figure(Histogram(title="t", edges=edges, counts=(1, 2, 3, 4, 5), low=100))
    assert list(figure.data[0].width) == pytest.approx([1] * 5)
    assert figure.layout.shapes[0].x0 == pytest.approx(2)
    assert list(figure.layout.xaxis.ticktext) == ["1", "10", "100", "1,000", "10,000", "100,000"]


@pytest.mark.parametrize(("edges", "counts"), [((), ()), ((1.0,), ()), ((0.0, 1.0), (1, 2))])
def test_edges_and_counts_that_do_not_fit_are_refused(edges: tuple[float, ...], counts: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="cannot be drawn"):
        histogram_figure(Histogram(title="t", edges=edges, counts=counts))


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


def test_thresholds_in_words() -> None:
    def words(**bounds: float) -> str:
        return threshold_words(Histogram(title="t", edges=(0, 1), counts=(1,), unit="words", **bounds))

    assert words(low=50, high=100_000) == "kept from 50 to 100,000 words"
    assert words(low=0.8) == "kept from 0.8 words"
    assert words(high=3) == "kept up to 3 words"
    assert words() == "words"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.8, "0.8"), (1234.5, "1,234"), (100000.0, "100,000"), (12.3456, "12.35")]
)
def test_numerals(value: float, text: str) -> None:
    assert numeral(value) == text
