"""The commands `build`, `explain`, `audit`, `warmup`, `plugins` and `filters`: their help, not what they do."""

from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer()
plugins = typer.Typer(no_args_is_help=True)
commands.add_typer(
    plugins,
    name="plugins",
    help="List what a build recipe can name, or check a plug-in against its contract.\n\n"
    "Example: headrace plugins list readers",
)
filters = typer.Typer(no_args_is_help=True)
commands.add_typer(
    filters,
    name="filters",
    help="The same for filters alone, of which there are most.\n\nExample: headrace filters list",
)


@commands.command()
def build(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a YAML file.")],
    overrides: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Changes to it.")] = None,
    out: Annotated[Path | None, typer.Option(help="The output folder; default: the recipe's name.")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0: one for each core.")] = 0,
    plan: Annotated[bool, typer.Option("--plan", help="Print phases, tasks and estimates; run nothing.")] = False,
    recut: Annotated[bool, typer.Option("--recut", help="Decide anew from stored scores; read nothing again.")] = False,
) -> None:
    """Build curated shards from raw crawls; run the same line again to continue or update.

    Example: headrace build recipe.yaml --out data/manuals

    Example: headrace build recipe.yaml output.shard_bytes=1GB --plan

    Example: headrace build stricter.yaml --out data/manuals --recut
    """
    if plan:
        from .console import show_plan

        show_plan(recipe, overrides or [], workers)
    else:
        if workers != 1:
            from .executors.server import start_server

            start_server()
        from .console import run_build

        run_build(recipe, out, overrides or [], workers, recut=recut)


@commands.command()
def explain(
    out: Annotated[Path, typer.Argument(help="The output folder of a build.")],
    record: Annotated[str | None, typer.Argument(help="A record's id, or its URL.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="List what failed and why, by number.")] = False,
) -> None:
    """Tell a record's whole story: where it came from, what was measured, what became of it and why.

    Example: headrace explain data/manuals http://localhost:8000/python-3.11/library/heapq.html
    """
    from .explain import show_failed, show_record

    if failed:
        show_failed(out)
    elif record is None:
        raise typer.BadParameter("name a record by its id or URL, or ask for --failed", param_hint="RECORD")
    else:
        show_record(out, record)


@commands.command()
def audit(
    shards: Annotated[str, typer.Argument(help="A folder of shards, or one file: a path or any fsspec URL.")],
    benchmark: Annotated[list[Path], typer.Option(help="A file of items (JSONL or Parquet); may be given again.")],
    field: Annotated[list[str] | None, typer.Option(help="A field of the items; default: the certificate's.")] = None,
    id: Annotated[str | None, typer.Option(help="The field that names an item.")] = None,
    n: Annotated[int | None, typer.Option(min=1, help="Words in an n-gram; default: the certificate's, or 13.")] = None,
    text: Annotated[str, typer.Option(help="The shards' field with the text: txt, caption.txt, json.text, ...")] = "",
    tokenizer: Annotated[Path | None, typer.Option(help="A tokenizer.json, for n-grams of tokens.")] = None,
    frequent: Annotated[int | None, typer.Option(min=0, help="List what more than so many documents hold.")] = None,
    write: Annotated[Path | None, typer.Option(help="--frequent: into this file, for a recipe's 'exclude'.")] = None,
) -> None:
    """Prove that shards hold nothing of a benchmark, by code that shares nothing with what took it out.

    The exit code is 0 when nothing is found and 1 when something is.

    Example: headrace audit demo/text --benchmark examples/demo/data/benchmark/HumanEval.jsonl.gz
    """
    from .audit.console import Request, run_audit

    fields = tuple(field or ())
    if not run_audit(Request(shards, tuple(benchmark), fields, id, n, text, tokenizer, frequent, write)):
        raise typer.Exit(1)


@commands.command()
def warmup() -> None:
    """Compile the kernels now, into the package or a cache of yours, so that no build has to.

    Example: headrace warmup
    """
    from .warmup import compile_everything

    seconds = compile_everything()
    typer.echo(f"The kernels are compiled ({seconds:.1f} s).")


@plugins.command("list")
def list_plugins(
    kind: Annotated[str | None, typer.Argument(help="readers, extractors, filters, dedups or outputs.")] = None,
) -> None:
    """List everything that a build recipe can name, with its parameters.

    Example: headrace plugins list outputs
    """
    from .plugin_listing import KINDS, run_list

    run_list(tuple(KINDS) if kind is None else (kind,))


@plugins.command("check")
def check_plugin(
    name: Annotated[str, typer.Argument(help="Its name, module:Name, or path/to/file.py:Name.")],
) -> None:
    """Run the contract on a filter, a reader, an extractor, a pretext or a view, your own too.

    Example: headrace plugins check examples/custom_reader/tsv.py:Tsv
    """
    from .contracts.check import run_check

    run_check(name)


@filters.command("list")
def list_filters() -> None:
    """List every filter that a recipe can name, with its parameters and reasons.

    Example: headrace filters list
    """
    from .plugin_listing import run_list

    run_list(("filters",))


@filters.command("check")
def check_filter(
    name: Annotated[str, typer.Argument(help="A filter's name, module:Name, or path/to/file.py:name.")],
) -> None:
    """Run the filter contract on a filter, your own too.

    Example: headrace filters check examples/custom_filter/single_file.py:few_links
    """
    from .contracts.check import run_check

    run_check(name)
