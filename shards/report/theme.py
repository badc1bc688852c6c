"""What all figures share; the page's style sheet replaces the greys by the reader's light or dark colours."""

import html
from typing import Any

import plotly.graph_objects as go

KEPT, DROPPED, THRESHOLD = "#2f8f9d", "#a9a195", "#c4573a"
LINES = (KEPT, "#c98a2b", "#8a6bb8", "#c4573a", "#5a8f3c", "#4a78c2", "#b0567f", "#7d7d7d")
GREY = "#808080"


def layout(height: int, bottom: int) -> dict[str, Any]:
    """A figure's layout: its height and the room below its axis, in pixels; transparent, with hairlines."""
    axis = {"zeroline": False, "automargin": False, "gridcolor": GREY, "linecolor": GREY}
    return {
        # An empty template: plotly's default one would add 7 kB to each figure and fight the style sheet.
        "template": {},
        "height": height,
        "margin": {"l": 44, "r": 12, "t": 22, "b": bottom},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12},
        "xaxis": axis,
        "yaxis": axis,
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "bgcolor": "rgba(0,0,0,0)"},
    }


def numeral(value: float) -> str:
    """A number as it stands on an axis: thousands separators, no more than four digits behind them: 1,234.5."""
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.4g}"


def plain(text: str) -> str:
    """Text in which plotly finds none of the HTML that it would otherwise draw."""
    return html.escape(text, quote=False)


def embedded_json(figure: go.Figure) -> str:
    """The figure as JSON that can stand inside a `<script>` element, whatever its texts are."""
    text: str = figure.to_json()
    return text.replace("<", "\\u003c")
