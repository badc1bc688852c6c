"""Fuzzy dedup: MinHash-LSH finds candidates, exact Jaccard similarity decides, and every drop names its survivor.

Broder, "On the resemblance and containment of documents" (1997). The scheme is datasketch 2's `affine32` over word
n-grams; datasketch solves for bands and rows; a finished index opens as a datasketch LSH (`minhash.index.open_lsh`).
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from ..engine import exchange
from ..engine.runner import Phase, Results
from ..engine.tasks import Task, make_task, task_name
from ..kernels.datasketch_bridge import solve_bands
from ..plan_tools import fingerprints, merged, of_split
from ..population import Population
from .base import Dedup, Steps
from .minhash.cluster import Cluster
from .minhash.index import INDEX, Index
from .minhash.pair import Pair
from .minhash.sign import BANDS, Scheme, Sign
from .minhash.verify import Verify

ROW_BYTES = 16
MISSED_WEIGHT = 0.9
"""What a missed pair weighs against a needless comparison, which costs time alone. Of pairs just at a similarity of
0.8, 87% are found with 128 permutations; with equal weights it would be 40%."""


@dataclass(frozen=True)
class MinhashDedup(Dedup):
    """Drops a record when its Jaccard similarity with an earlier survivor reaches `similarity`.

    Args:
        similarity: Jaccard similarity of the sets of word n-grams from which two records are duplicates.
        ngram: Words in a shingle; a shorter record is one shingle.
        permutations: Values in a signature, at most; bands and rows are solved to miss few pairs above `similarity`.
        seed: Of the permutations.
    """

    similarity: Annotated[float, Field(gt=0, lt=1)] = 0.8
    ngram: Annotated[int, Field(ge=1)] = 5
    permutations: Annotated[int, Field(ge=2)] = 128
    seed: Annotated[int, Field(ge=0)] = 1

    def __post_init__(self) -> None:
        try:
            self.scheme  # noqa: B018 (solved here for its complaint, before anything runs)
        except ValueError as error:
            raise ValueError(
                f"no bands find a similarity of {self.similarity} in {self.permutations} permutations ({error}): "
                "take more of them or a lower similarity; equal records are dropped by exact_dedup"
            ) from error

    @property
    def scheme(self) -> Scheme:
        """How documents are compared."""
        bands, rows = solve_bands(self.similarity, self.permutations, MISSED_WEIGHT)
        return Scheme(self.ngram, bands, rows, self.seed)

    def steps(self, label: str, population: Population) -> Steps:
        """Sign, pair, cluster, verify, index."""
        scheme = self.scheme
        rows, row_bytes = population.expected_records, ROW_BYTES * scheme.bands
        groups = max(1, population.bytes // (1 << 30))
        sign_name, pair_name, cluster_name, verify_name, index_name = (
            f"{label}.{step}" for step in ("sign", "pair", "cluster", "verify", "index")
        )

        def sign(results: Results) -> list[Task]:
            partitions = population.partitions(row_bytes, results)
            return [
                make_task(
                    sign_name,
                    split,
                    Sign(population.view(split, results), scheme, partitions),
                    of_split(results, population, split),
                )
                for split in range(population.splits)
            ]

        signed = Phase(sign_name, sign, population.splits, disk=rows * scheme.permutations * 4, rate=100e6)
        phases, bands, files = merged(signed, BANDS)

        def pair(results: Results) -> list[Task]:
            after = fingerprints(results, [bands])
            return [
                make_task(pair_name, index, Pair(bands, files, index), after)
                for index in range(population.partitions(row_bytes, results))
            ]

        def cluster(results: Results) -> list[Task]:
            pairs = results[pair_name]
            return [make_task(cluster_name, 0, Cluster(pair_name, len(pairs.done), groups), [pairs.fingerprint])]

        def verify(results: Results) -> list[Task]:
            after = fingerprints(results, [cluster_name, population.records])
            return [
                make_task(
                    verify_name,
                    group,
                    Verify(label, cluster_name, group, population.records, population.starts, scheme, self.similarity),
                    after,
                )
                for group in range(groups)
            ]

        decides = Phase(verify_name, verify, groups, 1 << 29, rate=50e6)
        survivors = population.after(verify_name, on_all=True)

        def index(results: Results) -> list[Task]:
            return [
                make_task(
                    index_name,
                    split,
                    Index(survivors.view(split, results), task_name(sign_name, split), population.names[split], scheme),
                    [*of_split(results, survivors, split), results[sign_name].done[split].fingerprint],
                )
                for split in range(population.splits)
            ]

        steps = (
            *phases,
            Phase(pair_name, pair, exchange.partitions_for(row_bytes * rows), 4 * exchange.PARTITION_BYTES),
            Phase(cluster_name, cluster, 1, max(1 << 26, 32 * rows)),
            decides,
            Phase(index_name, index, population.splits, disk=rows * scheme.permutations * 4),
        )
        return Steps(steps, decides, {label: (index_name, INDEX)})
