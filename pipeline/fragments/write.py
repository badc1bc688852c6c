"""All fragments of a build, in the order in which they are read."""

from pathlib import Path

from headrace.shards.base.report import Gallery, write_fragment
from headrace.shards.format.manifest import Manifest

from ..engine.runner import Results
from ..plan import Plan
from ..recipe import Recipe
from .clusters import find_clusters, largest_table, sizes_table
from .contamination import common_table, contamination_table
from .funnel import Funnel, funnel_table, mixture_table, reasons_table
from .galleries import Galleries
from .measures import histograms
from .times import phases_table, stages_table


def write_fragments(
    recipe: Recipe, plan: Plan, manifest: Manifest, funnel: Funnel, results: Results, root: Path, out: Path
) -> None:
    """Write every fragment of a build into `out`/report."""
    labels = [stage.label for stage in recipe.stages]
    galleries = Galleries(plan, results, root, out)
    write_fragment(out, 10, "funnel", funnel_table(labels, funnel))
    write_fragment(out, 12, "reasons", reasons_table(funnel))
    if mixture := mixture_table(labels, funnel):
        write_fragment(out, 14, "mixture", mixture)
    for index, histogram in enumerate(histograms(recipe, plan.population, results, root)):
        write_fragment(out, 20, f"measure-{index:03d}", histogram)
    if nearest := tuple(galleries.nearest()):
        note = "For each bound the records whose measure is nearest to it, on both its sides."
        write_fragment(out, 30, "nearest", Gallery(title="At the thresholds", note=note, items=nearest))
    if manifest.decontamination:
        write_fragment(out, 35, "contamination", contamination_table(manifest.decontamination))
        if common := common_table(manifest.decontamination):
            write_fragment(out, 36, "common-ngrams", common)
    if clusters := find_clusters(plan.population, results, root):
        write_fragment(out, 40, "clusters", sizes_table(clusters))
        write_fragment(out, 42, "largest-clusters", largest_table(clusters, galleries.name))
    if examples := tuple(galleries.of_each_fate()):
        note = "Chosen by a hash of their place in the input, not by hand."
        write_fragment(out, 50, "examples", Gallery(title="Kept and dropped", note=note, items=examples))
    write_fragment(out, 60, "phases", phases_table(results))
    if stages := stages_table(results):
        write_fragment(out, 62, "stages", stages)
