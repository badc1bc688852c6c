"""The contamination table: what was looked for, what was found, and what could not be protected."""

from collections.abc import Sequence

from headrace.shards.base.report import Table
from headrace.shards.format.manifest import Certificate

from ..decontamination.common import EVERYWHERE

DONE = {"drop": "dropped", "cut": "cut out", "report": "only reported: it is in the shards"}
NAMED = 8
"""Items named in a cell; the manifest names all."""

SHOWN = 200
"""N-grams in a table."""


def contamination_table(certificates: Sequence[Certificate]) -> Table:
    """A row for each benchmark of each stage that decontaminates."""
    rows = [
        (
            name,
            f"{each.n} {each.unit}",
            DONE[each.action],
            benchmark.items,
            len(benchmark.found),
            _named(benchmark.found),
            len(benchmark.whole),
            _named(benchmark.unprotected),
            sum(map(len, each.excluded.values())),
        )
        for each in certificates
        for name, benchmark in each.benchmarks.items()
    ]
    return Table(
        title="Contamination",
        note="Items of which an n-gram stands in the input. Shorter items are looked for whole, when they are long "
        "enough to mean something; n-grams that are common all over the corpus are not looked for. The manifest names "
        "all of them.",
        columns=(
            "benchmark",
            "n",
            "found is",
            "items",
            "found",
            "which",
            "looked for whole",
            "unprotected",
            "n-grams excluded",
        ),
        rows=tuple(rows),
    )


def common_table(certificates: Sequence[Certificate]) -> Table | None:
    """The n-grams that are common all over the corpus; None where there is none."""
    common = [(ngram, each) for each in certificates for ngram in each.excluded.get(EVERYWHERE, ())]
    if not common:
        return None
    shown = f"; the first {SHOWN}, the manifest names all" if len(common) > SHOWN else ""
    return Table(
        title="N-grams that are common all over the corpus",
        note=f"They stand in benchmarks, and in so many documents that hold no copy of an item that they are let stand "
        f"({len(common):,}{shown}).",
        columns=("n-gram", "in more documents than", "which count once by"),
        rows=tuple((ngram, each.max_documents, each.documents_by) for ngram, each in common[:SHOWN]),
    )


def _named(items: Sequence[str]) -> str:
    return ", ".join(items[:NAMED]) + (f", ... ({len(items)})" if len(items) > NAMED else "") or "-"
