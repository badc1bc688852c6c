"""Histograms and curves as plotly figures; the page's style sheet gives them the reader's light or dark colours."""

import html
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go

from ..base.errors import InputError
from ..base.report import Curve, Histogram

KEPT, DROPPED, THRESHOLD = "#2f8f9d", "#a9a195", "#c4573a"
LINES = (KEPT, "#c98a2b", "#8a6bb8", "#c4573a", "#5a8f3c", "#4a78c2", "#b0567f", "#7d7d7d")
HISTOGRAM_HEIGHT, CURVE_HEIGHT = 200, 300
_LOG_SPREAD = 50
"""Bins whose widths differ by more than this factor are drawn on a logarithmic axis."""
_FEW = 40
"""A line of at most this many points shows each of them."""
_RIM = 0.08
"""The share of a histogram's width that counts as its rim."""


def histogram_figure(fragment: Histogram) -> go.Figure:
    """Bars of the counts, each threshold as a line, and what lies beyond it greyed and shaded.

    Raises:
        InputError: There is not one edge more than there are counts.
    """
    edges, counts = fragment.edges, fragment.counts
    if not counts or len(edges) != len(counts) + 1:
        raise InputError(
            f"the histogram '{fragment.title}' cannot be drawn",
            found=f"{len(edges)} edges and {len(counts)} counts",
            expected="at least one count, and one edge more than counts",
        )
    log = _is_log(edges)
    places = [math.log10(each) if log else each for each in edges]
    bins = list(pairwise(edges))
    bars = go.Bar(
        x=[(left + right) / 2 for left, right in pairwise(places)],
        y=counts,
        width=[right - left for left, right in pairwise(places)],
        marker={"color": [KEPT if _is_kept(fragment, *each) else DROPPED for each in bins], "line": {"width": 0}},
        customdata=[f"{numeral(left)} to {numeral(right)}{_unit(fragment)}" for left, right in bins],
        hovertemplate="%{customdata}<br><b>%{y:,}</b><extra></extra>",
    )
    figure = go.Figure(bars, _layout(HISTOGRAM_HEIGHT))
    figure.update_layout(bargap=0, hovermode="closest", dragmode=False)
    figure.update_yaxes(rangemode="tozero", fixedrange=True, nticks=4, tickformat="~s")
    figure.update_xaxes(fixedrange=True, nticks=6, showgrid=False)
    if log:
        ticks = _log_ticks(edges[0], edges[-1])
        figure.update_xaxes(tickvals=[math.log10(each) for each in ticks], ticktext=[numeral(each) for each in ticks])
    _draw_thresholds(figure, fragment, places, log)
    return figure


def curve_figure(fragment: Curve) -> go.Figure:
    """One line a series over a common axis, read by hovering.

    Raises:
        InputError: A series has not as many x as y.
    """
    figure = go.Figure(layout=_layout(CURVE_HEIGHT))
    for number, series in enumerate(fragment.series):
        if len(series.x) != len(series.y):
            raise InputError(
                f"the curve '{fragment.title}' cannot be drawn",
                found=f"{len(series.x)} x and {len(series.y)} y in '{series.name}'",
                expected="as many of one as of the other",
            )
        figure.add_scatter(
            x=series.x,
            y=series.y,
            name=_plain(series.name),
            mode="lines+markers" if len(series.x) <= _FEW else "lines",
            line={"color": LINES[number % len(LINES)], "width": 1.8},
            marker={"size": 4},
            hovertemplate="%{y:,.4~g}",
        )
    figure.update_layout(hovermode="x unified", showlegend=len(fragment.series) > 1)
    spike = {"spikethickness": 1, "spikedash": "solid", "spikecolor": "#808080"}
    figure.update_xaxes(title_text=_plain(fragment.x_label), tickformat=",~g", showgrid=False, **spike)
    figure.update_yaxes(tickformat="~g", automargin=True)
    if fragment.log_y:
        figure.update_yaxes(type="log", dtick=_log_step([y for series in fragment.series for y in series.y]))
    return figure


def embedded_json(figure: go.Figure) -> str:
    """The figure as JSON that can stand inside a `<script>` element, whatever its texts are."""
    text: str = figure.to_json()
    return text.replace("<", "\\u003c")


def numeral(value: float) -> str:
    """A number as it stands on an axis: thousands separators, no more than four digits behind them: 1,234.5."""
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.4g}"


def threshold_words(fragment: Histogram) -> str:
    """What the thresholds keep, in words; empty where there is none."""
    unit = _unit(fragment)
    if fragment.low is not None and fragment.high is not None:
        return f"kept from {numeral(fragment.low)} to {numeral(fragment.high)}{unit}"
    if fragment.low is not None:
        return f"kept from {numeral(fragment.low)}{unit}"
    return f"kept up to {numeral(fragment.high)}{unit}" if fragment.high is not None else unit.strip()


def _layout(height: int) -> dict[str, Any]:
    axis = {"zeroline": False, "automargin": False, "gridcolor": "#808080", "linecolor": "#808080"}
    return {
        # An empty template: plotly's default one would add 7 kB to each figure and fight the style sheet.
        "template": {},
        "height": height,
        "margin": {"l": 44, "r": 12, "t": 22, "b": 26 if height == HISTOGRAM_HEIGHT else 44},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12},
        "xaxis": axis,
        "yaxis": axis,
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "bgcolor": "rgba(0,0,0,0)"},
    }


def _draw_thresholds(figure: go.Figure, fragment: Histogram, places: Sequence[float], log: bool) -> None:
    first, last = places[0], places[-1]
    reach = (last - first) / 2
    labels = []
    for value, is_low in ((fragment.low, True), (fragment.high, False)):
        if value is None or (log and value <= 0):
            continue
        place = math.log10(value) if log else value
        # One far outside would squeeze the data into a corner; the words beside the title still name it.
        if not places[0] - reach <= place <= places[-1] + reach:
            continue
        first, last = min(first, place), max(last, place)
        figure.add_vline(x=place, line={"color": THRESHOLD, "width": 1.5, "dash": "dot"})
        labels.append((place, numeral(value)))
        outside = (min(first, places[0]), place) if is_low else (place, max(last, places[-1]))
        figure.add_vrect(*outside, fillcolor=THRESHOLD, opacity=0.09, line_width=0)
    figure.update_xaxes(range=[first, last])
    for place, text in labels:
        share = (place - first) / (last - first)
        # At the rim a centred label would be cut off.
        anchor = "left" if share < _RIM else "right" if share > 1 - _RIM else "center"
        figure.add_annotation(
            x=place, xanchor=anchor, y=1, yref="paper", yanchor="bottom", showarrow=False, text=text, font={"size": 11}
        )


def _is_kept(fragment: Histogram, left: float, right: float) -> bool:
    """Whether a bin holds anything that may be kept; the shade tells where in it the threshold lies."""
    above = fragment.low is None or right > fragment.low
    return above and (fragment.high is None or left < fragment.high or left == fragment.high == fragment.edges[0])


def _is_log(edges: Sequence[float]) -> bool:
    widths = [right - left for left, right in pairwise(edges)]
    return edges[0] > 0 and min(widths) > 0 and max(widths) / min(widths) > _LOG_SPREAD


def _log_ticks(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if last - first <= 2 else (1,)
    every = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    return [each for each in every if low <= each <= high]


def _log_step(values: Sequence[float]) -> str | int:
    """Ticks at 1, 2, 5 over few decades, else at powers of ten (plotly's `dtick`)."""
    positive = [each for each in values if 0 < each < math.inf]
    few = not positive or max(positive) / min(positive) < 300
    return "D2" if few else 1


def _unit(fragment: Histogram) -> str:
    return f" {_plain(fragment.unit)}" if fragment.unit else ""


def _plain(text: str) -> str:
    """Text in which plotly finds none of the HTML that it would otherwise draw."""
    return html.escape(text, quote=False)
