"""The commands `verify`, `index`, `stream`, `report` and `demo`: their help, and nothing of what they do."""

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
    from .base.counts import counted
    from .format.verify import verify as run

    found = run(url, workers)
    found.raise_for_problems()
    shards, samples = counted(found.shards, "shard"), counted(found.samples, "sample")
    typer.echo(f"{url} is what its manifest says: {shards}, {samples}, {found.bytes / 1e6:,.1f} MB.")


@commands.command()
def index(
    urls: Annotated[
        list[str], typer.Argument(help="Tars: a folder of them, a glob, or braces as in 'data-{000..127}.tar'.")
    ],
    out: Annotated[
        str | None, typer.Option("--out", help="Where to write, if not beside the tars; the tars stay where they are.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The set's name; default: the folder's.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Tars looked through at a time, in threads.")] = 4,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Leave out tars that cannot be adopted, instead of refusing.")
    ] = False,
) -> None:
    """Adopt WebDataset tars that others made: write an index for each, and a manifest; the tars are only read.

    Stop it whenever you like: the same line goes on where it was, and later looks at new and changed tars alone.

    Example: headrace index s3://bucket/laion

    Example: headrace index 'https://example.org/data-{000..127}.tar' --out laion
    """
    from .adoption.adopt import adopt
    from .adoption.console import show

    show(adopt(urls, out=out, name=name, workers=workers, leave_out=leave_out))


@commands.command()
def stream(
    url: Annotated[
        str, typer.Argument(help="A folder of shards, local or any fsspec URL; or a mixture file, `.yaml`.")
    ],
    step: Annotated[int | None, typer.Option(min=0, help="Which samples does this step (from 0) hold?")] = None,
    bench: Annotated[bool, typer.Option("--bench", help="How fast is it?")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="What will each node read?")] = False,
    audit: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Did the run in this folder see each sample as often as it should?"),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="The run's rows in a step, over all ranks.")] = 256,
    window: Annotated[int | None, typer.Option(min=1, help="The run's window, in tokens; only for tokens.")] = None,
    documents: Annotated[bool, typer.Option("--documents", help="The run reads tokens document by document.")] = False,
    seed: Annotated[int, typer.Option(help="The run's seed.")] = 0,
    lanes: Annotated[int, typer.Option(min=1, help="The run's lanes: places of the data read at once.")] = 64,
    block: Annotated[
        int | None, typer.Option(min=1, help="The run's block: samples shuffled together; default: four shards' worth.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            help="With --step: a saved state, where batch size or weights were changed. With --audit: how far."
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="With --bench: processes that read ahead.")] = 0,
    seconds: Annotated[float, typer.Option(min=0.1, help="With --bench: how long.")] = 5.0,
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --bench: a cache for shards that lie elsewhere.")
    ] = None,
    cache_limit: Annotated[str, typer.Option(help="What all shards in the cache may take together.")] = "50GB",
    world: Annotated[int, typer.Option(min=1, help="With --plan: ranks (GPUs) in all.")] = 8,
    ranks_per_node: Annotated[int, typer.Option(min=1, help="With --plan: ranks on each node.")] = 8,
) -> None:
    """Answer questions about a stream: what a step held, how fast it is, what each node of a training will read.

    The answers are those of one run: give the batch size, window, seed, lanes and block that it has.

    An audit needs none of them: it reads what each process logged (`headrace train` does, and `ConsumptionLog`).

    Example: headrace stream demo/images --plan --world 64 --batch-size 4096

    Example: headrace stream demo/text --window 128 --step 41 --batch-size 64

    Example: headrace stream demo/text --audit demo/mlm

    Example: headrace stream s3://bucket/images --bench --cache /scratch/headrace --cache-limit 200GB

    A mixture file names sources: `sources: {web: {url: shards/web, weight: 7}, code: {url: shards/code, weight: 3}}`.
    """
    from . import answers
    from .cache import Cache

    kept = None if cache is None else Cache(cache, cache_limit)
    settings = answers.Settings(url, seed, lanes, block, window, batch_size, documents, kept)
    if step is not None:
        answers.show_step(settings, step, state)
    if bench:
        answers.show_bench(settings, workers, seconds)
    if plan:
        answers.show_plan(settings, world, ranks_per_node)
    if audit is not None:
        answers.show_audit(settings, audit, state)
    if step is None and not bench and not plan and audit is None:
        answers.show_stream(settings)


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
