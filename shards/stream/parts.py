"""What a stream is of: one set of shards, or a mixture of several by weight.

    Stream("shards/web")                                        one set: a path (a `Path`, too) or any fsspec URL
    Stream({"shards/web": 7, "s3://bucket/code": 3})            sets by weight, each named as its manifest says
    Stream([Part("shards/web", 7), Part("shards/code", 3, name="programs")])
    Stream("mixture.yaml")                                      a file that says the same, for the command line, too

The file is described in `mixture_file`. Names are part of the order's identity, places are not: shards may be moved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import UsageError

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Part:
    """One source of a mixture.

    Attributes:
        url: The folder of the set, a path or any fsspec URL.
        weight: Any positive number; the ratios of the weights matter.
        name: What it is called in samples, states and keys; None for the name in its manifest.
    """

    url: str
    weight: float = 1.0
    name: str | None = None


What = str | Path | Mapping[str, float] | Mapping[Path, float] | Sequence[Part]
"""What `Stream` takes, see the module."""


def is_mixture(what: What) -> bool:
    """Whether there may be several sources, or exactly one without a weight."""
    return not isinstance(what, str | Path) or str(what).endswith(SUFFIXES)


def parts_of(what: What) -> tuple[Part, ...]:
    """The sources of a mixture.

    Raises:
        RecipeError: The mixture file is missing or wrong; names its line.
        UsageError: There is no source.
    """
    if isinstance(what, str | Path):
        # Imported when needed: few streams read a recipe.
        from .mixture_file import read_mixture

        parts = read_mixture(Path(what))
    elif isinstance(what, Mapping):
        parts = tuple(Part(str(url), weight) for url, weight in what.items())
    else:
        parts = tuple(what)
    if not parts:
        raise UsageError("a mixture has no source", expected="at least one URL with its weight")
    return parts
