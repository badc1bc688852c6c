"""The commands `verify`, `stream`, `report` and `demo`: their help, and nothing of what they do."""

from typing import Annotated

import typer

commands = typer.Typer()


@commands.command()
def verify(
    url: Annotated[str, typer.Argument(help="A folder of shards, local or any fsspec URL.")],
) -> None:
    """Re-hash shards against their manifest and re-read every index.

    Example: headrace verify demo/text
    """
    from .format.verify import verify as run

    run(url)
