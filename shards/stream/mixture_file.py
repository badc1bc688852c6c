"""A mixture as a file, which names each source.

    sources:
      web: {url: shards/web, weight: 7}
      programs: {url: "s3://bucket/code", weight: 3}

A local path in it is read from the file's folder.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ..base.recipe import RecipeFile, RecipeModel
from .parts import Part


class SourceRecipe(RecipeModel):
    """One source."""

    url: str
    """The folder of a set of shards, a path or any fsspec URL."""
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """Any positive number; the ratios of the weights matter."""


class MixtureRecipe(RecipeModel):
    """The whole file."""

    sources: Annotated[dict[str, SourceRecipe], Field(min_length=1)]
    """The sources by name."""


def read_mixture(path: Path) -> tuple[Part, ...]:
    """The sources that a mixture file names.

    Raises:
        RecipeError: The file is missing or wrong; names its line.
    """
    file = RecipeFile(path)
    sources = file.check(MixtureRecipe).sources
    return tuple(Part(_placed(each.url, file.folder), each.weight, name) for name, each in sources.items())


def _placed(url: str, folder: Path) -> str:
    return url if "://" in url else str(folder / url)
