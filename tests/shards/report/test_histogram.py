"""Histograms show their thresholds and what is dropped; nothing lopsided is drawn."""

import math

import pytest

from headrace.shards.base.errors import InputError
from headrace.shards.base.report import Histogram
from headrace.shards.report.histogram import histogram_figure, threshold_words
from headrace.shards.report.theme import DROPPED, KEPT


def test_bars_outside_the_thresholds_are_grey_and_shaded() -> None:
    figure = histogram_figure(Histogram(title="t", edges=(0, 10, 20, 30, 40), counts=(1, 2, 3, 4), low=10, high=30))
    assert list(figure.data[0].marker.color) == [DROPPED, KEPT, KEPT, DROPPED]
    lines = [shape.x0 for shape in figure.layout.shapes if shape.type == "line"]
    shades = [(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.type == "rect"]
    assert lines == [10, 30]
    assert shades == [(0, 10), (30, 40)]


def test_a_bin_that_a_threshold_cuts_changes_its_colour_there() -> None:
    (bars,) = histogram_figure(Histogram(title="t", edges=(0, 10, 20), counts=(1, 2), low=4)).data
    assert list(bars.marker.color) == [DROPPED, KEPT, KEPT]
    assert list(bars.width) == [4, 6, 10]
    assert list(bars.y) == [1, 1, 2]
    assert list(bars.customdata) == ["0 to 10", "0 to 10", "10 to 20"]


def test_a_threshold_at_the_least_value_allows_the_first_bin() -> None:
    (bars,) = histogram_figure(Histogram(title="t", edges=(0, 0.5, 1), counts=(9, 1), high=0)).data
    assert list(bars.marker.color) == [KEPT, DROPPED]


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


@pytest.mark.parametrize(
    ("edges", "counts"), [((), ()), ((1.0,), ()), ((0.0, 1.0), (1, 2)), ((1.0, 1.0), (3,)), ((0.0, math.inf), (3,))]
)
def test_edges_and_counts_that_do_not_fit_are_refused(edges: tuple[float, ...], counts: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="cannot be drawn"):
        histogram_figure(Histogram(title="t", edges=edges, counts=counts))


def test_thresholds_in_words() -> None:
    def words(**bounds: float) -> str:
        return threshold_words(Histogram(title="t", edges=(0, 1), counts=(1,), unit="words", **bounds))

    assert words(low=50, high=100_000) == "kept from 50 to 100,000 words"
    assert words(low=0.8) == "kept from 0.8 words"
    assert words(high=3) == "kept up to 3 words"
    assert words() == "words"
