"""Histograms: bars, each threshold as a line, and what lies beyond it greyed and shaded."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import plotly.graph_objects as go

from ..base.errors import InputError
from ..base.report import Histogram
from .theme import DROPPED, KEPT, THRESHOLD, layout, numeral, plain

_HEIGHT = 200
_LOG_SPREAD = 50
"""Bins whose widths differ by more than this factor are drawn on a logarithmic axis."""
_RIM = 0.08
"""The share of a histogram's width that counts as its rim."""


def histogram_figure(fragment: Histogram) -> go.Figure:
    """Bars of the counts, each threshold as a line, and what lies beyond it greyed and shaded.

    Raises:
        InputError: The edges do not rise, or are not one more than the counts.
    """
    _check(fragment)
    log = _is_log(fragment.edges)
    pieces = list(_pieces(fragment))
    sides = [[math.log10(side) if log else side for side in piece[:2]] for piece in pieces]
    bars = go.Bar(
        x=[(left + right) / 2 for left, right in sides],
        y=[count for _, _, count, _ in pieces],
        width=[right - left for left, right in sides],
        marker={
            "color": [KEPT if _is_kept(fragment, *piece[:2]) else DROPPED for piece in pieces],
            "line": {"width": 0},
        },
        customdata=[name for _, _, _, name in pieces],
        hovertemplate="%{customdata}<br><b>%{y:,}</b><extra></extra>",
    )
    figure = go.Figure(bars, layout(_HEIGHT, bottom=26))
    figure.update_layout(bargap=0, hovermode="closest", dragmode=False)
    figure.update_yaxes(rangemode="tozero", fixedrange=True, nticks=4, tickformat="~s")
    figure.update_xaxes(fixedrange=True, nticks=6, showgrid=False)
    if log:
        ticks = _log_ticks(fragment.edges[0], fragment.edges[-1])
        figure.update_xaxes(tickvals=[math.log10(each) for each in ticks], ticktext=[numeral(each) for each in ticks])
    _draw_thresholds(figure, fragment, (sides[0][0], sides[-1][1]), log)
    return figure


def threshold_words(fragment: Histogram) -> str:
    """What the thresholds keep, in words; empty where there is none."""
    unit = _unit(fragment)
    if fragment.low is not None and fragment.high is not None:
        return f"kept from {numeral(fragment.low)} to {numeral(fragment.high)}{unit}"
    if fragment.low is not None:
        return f"kept from {numeral(fragment.low)}{unit}"
    return f"kept up to {numeral(fragment.high)}{unit}" if fragment.high is not None else unit.strip()


def _check(fragment: Histogram) -> None:
    edges, counts = fragment.edges, fragment.counts
    rising = all(left < right for left, right in pairwise(edges)) and all(map(math.isfinite, edges))
    if not counts or len(edges) != len(counts) + 1 or not rising:
        raise InputError(
            f"the histogram '{fragment.title}' cannot be drawn",
            found=f"{len(edges)} edges, {'rising' if rising else 'not rising'}, and {len(counts)} counts",
            expected="at least one count, and one rising, finite edge more than counts",
        )


def _pieces(fragment: Histogram) -> Iterator[tuple[float, float, int, str]]:
    """(left, right, count, the whole bin in words) of each bin; one that a threshold cuts comes in two pieces."""
    bounds = sorted(bound for bound in (fragment.low, fragment.high) if bound is not None)
    for (left, right), count in zip(pairwise(fragment.edges), fragment.counts, strict=True):
        name = plain(f"{numeral(left)} to {numeral(right)}{_unit(fragment)}")
        cuts = [bound for bound in bounds if left < bound < right]
        for start, stop in pairwise([left, *cuts, right]):
            yield start, stop, count, name


def _is_kept(fragment: Histogram, left: float, right: float) -> bool:
    middle = (left + right) / 2
    # Where nothing but the least value is allowed, the first bin holds it.
    above = fragment.high is not None and middle > fragment.high and not left == fragment.high == fragment.edges[0]
    return not above and (fragment.low is None or middle >= fragment.low)


def _draw_thresholds(figure: go.Figure, fragment: Histogram, rims: tuple[float, float], log: bool) -> None:
    first, last = rims
    reach = (last - first) / 2
    labels = []
    for value, is_low in ((fragment.low, True), (fragment.high, False)):
        if value is None or (log and value <= 0):
            continue
        place = math.log10(value) if log else value
        # One far outside would squeeze the data into a corner; the words beside the title still name it.
        if not rims[0] - reach <= place <= rims[1] + reach:
            continue
        first, last = min(first, place), max(last, place)
        figure.add_vline(x=place, line={"color": THRESHOLD, "width": 1.5, "dash": "dot"})
        labels.append((place, numeral(value)))
        outside = (first, place) if is_low else (place, last)
        figure.add_vrect(*outside, fillcolor=THRESHOLD, opacity=0.09, line_width=0)
    figure.update_xaxes(range=[first, last])
    for place, text in labels:
        share = (place - first) / (last - first)
        # At the rim a centred label would be cut off.
        anchor = "left" if share < _RIM else "right" if share > 1 - _RIM else "center"
        figure.add_annotation(
            x=place, xanchor=anchor, y=1, yref="paper", yanchor="bottom", showarrow=False, text=text, font={"size": 11}
        )


def _is_log(edges: Sequence[float]) -> bool:
    widths = [right - left for left, right in pairwise(edges)]
    return edges[0] > 0 and min(widths) > 0 and max(widths) / min(widths) > _LOG_SPREAD


def _log_ticks(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if last - first <= 2 else (1,)
    every = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    return [each for each in every if low <= each <= high]


def _unit(fragment: Histogram) -> str:
    return f" {fragment.unit}" if fragment.unit else ""
