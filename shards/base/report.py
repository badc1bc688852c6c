"""Report fragments: what a command found, as small JSON files beside its output, for `headrace report` to compose.

A fragment is one of five kinds. Its file is `report/<order>-<name>.json` in the command's output folder; pictures
lie beside it and are named relative to it. Writing a fragment needs no plotting library: drawing is the report's.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from .errors import InputError

FOLDER = "report"
Cell = str | int | float | bool | None


class _Fragment(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")
    title: str
    note: str = ""
    """What a reader must know to read it rightly: units, what is good, what was left out."""
    warning: str = ""
    """What makes it doubtful, to be read before all else."""


class Text(_Fragment):
    """A paragraph or a verdict."""

    kind: Literal["text"] = "text"
    text: str


class Table(_Fragment):
    """Rows under columns; a number is shown as it is given, so round before."""

    kind: Literal["table"] = "table"
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    highlight: str = ""
    """A column whose numbers are drawn as bars."""


class Histogram(_Fragment):
    """Counts in bins (`edges` has one more than `counts`) and the thresholds that cut them."""

    kind: Literal["histogram"] = "histogram"
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    unit: str = ""
    low: float | None = None
    """Values below are dropped."""
    high: float | None = None
    """Values above are dropped."""
    group: str = ""
    """Histograms of one group stand together, as small multiples."""


class Series(BaseModel):
    """One line of a curve."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")
    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Curve(_Fragment):
    """One or more lines over a common axis."""

    kind: Literal["curve"] = "curve"
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    log_y: bool = False


class Item(BaseModel):
    """One thing of a gallery: a picture, a text, or both."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    caption: str
    picture: str = ""
    """A PNG or JPEG file beside the fragment."""
    text: str = ""
    tag: str = ""
    """A short label such as "kept" or the reason of a drop; items of one tag stand together."""


class Gallery(_Fragment):
    """Examples: kept and dropped records, masked samples and reconstructions."""

    kind: Literal["gallery"] = "gallery"
    items: tuple[Item, ...]


Fragment = Annotated[Text | Table | Histogram | Curve | Gallery, Field(discriminator="kind")]
_ADAPTER: TypeAdapter[Any] = TypeAdapter(Fragment)


def fragment_path(folder: Path, order: int, name: str) -> Path:
    """Where a fragment of `folder` lies, or would lie."""
    return folder / FOLDER / f"{order:02d}-{name}.json"


def write_fragment(folder: Path, order: int, name: str, fragment: Text | Table | Histogram | Curve | Gallery) -> None:
    """Write one fragment into `folder`/report, whole or not at all; `order` (00 to 99) is its place on the page."""
    path = fragment_path(folder, order, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(fragment.model_dump_json(indent=1), encoding="utf-8")
    os.replace(temporary, path)


def read_fragments(folder: Path) -> Sequence[tuple[Path, Text | Table | Histogram | Curve | Gallery]]:
    """Every fragment below `folder`/report in the order of the page, each with the file it came from.

    Raises:
        InputError: A file there is no fragment.
    """
    found = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            found.append((path, _ADAPTER.validate_json(path.read_bytes())))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise InputError(
                f"{path} is not a report fragment",
                found=f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}",
                remedy="Run the command that wrote the folder again, or take the file away",
            ) from None
    return found
