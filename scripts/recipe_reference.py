"""Write docs/recipes.md: every key of a recipe and every built-in plug-in, from the code.

python scripts/recipe_reference.py           write it (needs headrace[train])
python scripts/recipe_reference.py --check   say whether it is up to date; the exit code is 1 when it is not
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from headrace.pipeline.plugin_listing import KINDS, Listing, listings
from headrace.pipeline.recipe import BuildModel, OutputModel
from headrace.shards.base.parameters import Parameter, parameters_of, summary
from headrace.trainers.evals.base import EVALUATIONS
from headrace.trainers.recipe import TrainModel
from headrace.trainers.registries import PRETEXTS
from headrace.trainers.samples.views.own.base import VIEWS
from headrace.trainers.sinks.base import SINKS

PAGE = Path(__file__).parents[1] / "docs" / "recipes.md"

INTRODUCTION = """\
# Recipes

Every key of a recipe, and every plug-in that comes with Headrace. `scripts/recipe_reference.py` writes this page from
the code; `headrace plugins list` prints the same of what is installed where you are, plug-ins of others included.

A recipe is YAML. A plug-in stands there as its name, or as `{name: {parameter: value}}`; one of your own as
`path/to/file.py:Name` (read from the recipe's folder) or `package.module:Name`. `N` stands for a number in a list, from
0. On the command line `key.sub=value` goes over the file, as in `output.shard_bytes=1GB` or `inputs.0.path=crawl.warc`.
A size is a number of bytes, or such as `256MB` or `1GiB`.
"""

KEYS = ("key", "type", "default", "meaning")


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *_build_recipe(), *_training_recipe()])


def _build_recipe() -> Iterator[str]:
    yield "## A build recipe (`headrace build`)\n"
    yield _table(parameters_of(BuildModel))
    yield "Below `output`, besides the format's own parameters:\n"
    yield _table(parameters_of(OutputModel))
    titles = {
        "readers": "### Readers: `inputs.N.reader`\n",
        "extractors": "### Extractors: a stage that makes another payload\n",
        "filters": "### Filters: a stage that drops, or corrects\n",
        "dedups": "### Dedups: a stage that compares all records\n",
        "outputs": "### Output formats: `output.format`\n",
    }
    for kind in KINDS:
        yield titles[kind]
        yield from (part for listing in listings(kind) for part in _plugin(listing))


def _training_recipe() -> Iterator[str]:
    yield "## A training recipe (`headrace train`)\n"
    yield "What is left out comes from the pretext's `preset`, and then from the defaults here.\n"
    yield _table(parameters_of(TrainModel))
    titles = {
        "### Pretexts: `pretext`\n": PRETEXTS,
        "### Views beside those of presets: an element of `views`\n": VIEWS,
        "### Evaluations: `evals`\n": EVALUATIONS,
        "### Where lines of the log go, besides metrics.jsonl: `log_to`\n": SINKS,
    }
    for title, registry in titles.items():
        yield title
        for name in registry.names():
            kind = registry.load(name)
            about = summary(sys.modules[kind.__module__])
            yield from _plugin(Listing(name, about, parameters=parameters_of(kind)))


def _plugin(listing: Listing) -> Iterator[str]:
    if listing.error:
        raise SystemExit(f"{listing.name} cannot be described: {listing.error}")
    yield f"#### `{listing.name}`\n"
    facts = f" ({listing.facts})".replace("*", r"\*") if listing.facts else ""
    yield f"{listing.summary.removesuffix('.')}{facts}.\n"
    if listing.parameters:
        yield _table(listing.parameters)


def _table(parameters: Iterable[Parameter]) -> str:
    rows = [(f"`{each.name}`", each.type, _default(each), each.meaning) for each in parameters]
    return "".join(f"{_row(cells)}\n" for cells in (KEYS, ("---",) * len(KEYS), *rows))


def _default(parameter: Parameter) -> str:
    return parameter.default if parameter.default in ("required", "as below") else f"`{parameter.default}`"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main() -> None:
    """Write the page, or check it."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/recipes.md is not what the code says: run python scripts/recipe_reference.py and commit it")


if __name__ == "__main__":
    main()
