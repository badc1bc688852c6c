"""The commands `verify`, `stream`, `report` and `demo`: their help, and nothing of what they do."""

from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer()


@commands.command()
def verify(
    url: Annotated[str, typer.Argument(help="A folder of shards, local or any fsspec URL.")],
    workers: Annotated[int, typer.Option(min=1, help="Shards checked at a time, in threads.")] = 2,
) -> None:
    """Re-hash shards against their manifest and re-read every index.

    Example: headrace verify demo/text
    """
    from .format.verify import verify as run

    found = run(url, workers)
    found.raise_for_problems()
    size = f"{found.bytes / 1e6:,.1f} MB"
    typer.echo(f"{url} is what its manifest says: {found.shards:,} shards, {found.samples:,} samples, {size}.")


@commands.command()
def report(
    folders: Annotated[list[Path], typer.Argument(help="Output folders of `headrace build`, `train` and `eval`.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The HTML file to write.")] = Path("report.html"),
) -> None:
    """Compose what commands found into one self-contained HTML page.

    Example: headrace report demo/text demo/mlm -o report.html
    """
    from .report.page import compose

    compose(folders, output)
    typer.echo(f"The report: {output.resolve()}")


@commands.command()
def demo(
    data: Annotated[Path, typer.Option(help="The demo's recipes and data.")] = Path("examples/demo"),
    out: Annotated[Path, typer.Option(help="The folder for all that comes out.")] = Path("demo"),
    quick: Annotated[bool, typer.Option("--quick", help="Train for a few steps only.")] = False,
) -> None:
    """Go the whole way on real data: build shards, stream them, train two models, probe them, report.

    Example: headrace demo
    """
    from .demo import run

    run(data, out, quick)
