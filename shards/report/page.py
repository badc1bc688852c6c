"""One self-contained HTML file from the report fragments of any number of folders."""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from ..base.report import Curve, Histogram
from ..format.atomic import write_whole
from .curve import curve_figure
from .histogram import histogram_figure, threshold_words
from .sections import Section, read_sections
from .tables import bar_lengths, cell_texts, numeric_columns
from .theme import embedded_json


def compose(folders: Sequence[Path], output: Path) -> None:
    """Write the fragments that the folders' commands left into one page that needs nothing beside itself.

    Args:
        folders: Output folders of commands; each becomes a section, in this order.
        output: The HTML file; it appears whole or not at all.

    Raises:
        InputError: A folder holds no fragments, or one that cannot be shown; or the file cannot be written.
    """
    write_whole(output, render(read_sections(folders)).encode("utf-8"))


def render(sections: Sequence[Section]) -> str:
    """The page's HTML."""
    scripts = [get_plotlyjs(), _resource("page.js")]
    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"threshold_words": threshold_words, "figure": _figure}
    environment.filters |= {each.__name__: each for each in (bar_lengths, cell_texts, numeric_columns)}
    page = environment.get_template("page.html")
    return page.render(
        sections=sections,
        policy=_policy(scripts),
        style=Markup(_resource("page.css")),
        scripts=[Markup(each) for each in scripts],
    )


def _policy(scripts: Sequence[str]) -> str:
    """A content security policy: nothing is fetched, and no script runs but these, whatever crawled text says.

    Its styles cannot be listed so: plotly sets them as it draws.
    """
    allowed = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:"


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _figure(fragment: Histogram | Curve) -> Markup:
    figure = histogram_figure(fragment) if isinstance(fragment, Histogram) else curve_figure(fragment)
    return Markup(embedded_json(figure))
