"""Curves: one line a series over a common axis, read by hovering."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from ..base.errors import InputError
from ..base.report import Curve
from .theme import GREY, LINES, layout, plain

_HEIGHT = 300
_FEW = 40
"""A line of at most this many points shows each of them."""


def curve_figure(fragment: Curve) -> go.Figure:
    """One line a series over a common axis, read by hovering.

    Raises:
        InputError: A series has not as many x as y.
    """
    figure = go.Figure(layout=layout(_HEIGHT, bottom=44))
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
            name=plain(series.name),
            mode="lines+markers" if len(series.x) <= _FEW else "lines",
            line={"color": LINES[number % len(LINES)], "width": 1.8},
            marker={"size": 4},
            hovertemplate="%{y:,.4~g}",
        )
    figure.update_layout(hovermode="x unified", showlegend=len(fragment.series) > 1)
    spike = {"spikethickness": 1, "spikedash": "solid", "spikecolor": GREY}
    figure.update_xaxes(title_text=plain(fragment.x_label), tickformat=",~g", showgrid=False, **spike)
    figure.update_yaxes(tickformat="~g", automargin=True)
    if fragment.log_y:
        figure.update_yaxes(type="log", dtick=_log_step([y for series in fragment.series for y in series.y]))
    return figure


def _log_step(values: Sequence[float]) -> str | int:
    """Ticks at 1, 2, 5 over few decades, else at powers of ten (plotly's `dtick`)."""
    positive = [each for each in values if 0 < each < math.inf]
    few = not positive or max(positive) / min(positive) < 300
    return "D2" if few else 1
