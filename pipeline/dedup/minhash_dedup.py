"""Fuzzy dedup: MinHash-LSH finds candidates, exact Jaccard similarity decides, and every drop names its survivor.

Broder, "On the resemblance and containment of documents" (1997). The signatures are those of datasketch 2's `affine32`
over word n-grams; a finished index opens as a datasketch LSH (`minhash.index.open_lsh`).
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from ..engine import exchange
from ..engine.runner import Phase, Results
from ..engine.tasks import Task, make_task, task_name
from ..kernels.shingles import DEFAULT_CHARACTERS, DEFAULT_N
from ..plan_tools import fingerprints, merged, of_split
from ..population import Population
from ._preference import PreferringDedup
from .base import Steps
from .minhash.cluster import ROW_BYTES as MEMBER_BYTES
from .minhash.cluster import Cluster
from .minhash.index import INDEX, Index
from .minhash.pair import Pair
from .minhash.scheme import MIN_BANDS, Scheme, missed, solve
from .minhash.sign import BANDS, Sign
from .minhash.verify import Verify

ROW_BYTES = 16

GROUP_BYTES = 1 << 30
"""A task verifies the components of about this much of the corpus."""

DECISION_BYTES = 160
"""What a decision takes in memory. There are at most as many as links."""


@dataclass(frozen=True)
class MinhashDedup(PreferringDedup):
    """Drops a record when its Jaccard similarity with a survivor reaches `similarity`.

    Args:
        similarity: Jaccard similarity of the sets of word n-grams from which two records are duplicates.
        max_missed: The share of pairs at just this similarity that may be missed; of more similar ones fewer are.
        permutations: Values in a signature, at most.
        bands: Bands of a signature, instead of solving for them; goes with `rows`.
        rows: Values in a band; goes with `bands`.
        ngram: Words in a shingle; a shorter record is one shingle.
        characters: Characters in a shingle of a record more than half of whose words are characters of scripts without
            spaces (Chinese, Japanese, Thai, ...), since five characters are hardly two words.
        seed: Of the permutations.
        keep: Which of several duplicates stays; see `Preference`. A preferred record is never dropped for another.
        by: What `keep` looks at.
    """

    similarity: Annotated[float, Field(gt=0, lt=1)] = 0.8
    max_missed: Annotated[float, Field(gt=0, lt=1)] = 0.02
    permutations: Annotated[int, Field(ge=MIN_BANDS, le=1 << 14)] = 128
    bands: Annotated[int, Field(ge=MIN_BANDS)] | None = None
    rows: Annotated[int, Field(ge=1)] | None = None
    ngram: Annotated[int, Field(ge=1)] = DEFAULT_N
    characters: Annotated[int, Field(ge=1)] = DEFAULT_CHARACTERS
    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.bands is None) != (self.rows is None):
            raise ValueError("'bands' and 'rows' are given together, or solved for together: one of them is missing")
        self.scheme  # noqa: B018 (solved here for its complaint, before anything runs)

    @property
    def scheme(self) -> Scheme:
        """How documents are compared.

        Raises:
            ValueError: No bands and rows within the permutations miss few enough.
        """
        if self.bands is not None and self.rows is not None:
            return Scheme(self.ngram, self.bands, self.rows, self.seed, self.characters)
        try:
            bands, rows = solve(self.similarity, self.max_missed, self.permutations)
        except ValueError as error:
            raise ValueError(f"{error}; allow more 'permutations' or a higher 'max_missed'") from None
        return Scheme(self.ngram, bands, rows, self.seed, self.characters)

    def steps(self, label: str, population: Population) -> Steps:
        """Sign, pair, cluster, verify, index.

        Raises:
            RecipeError: The preference names what is not there.
        """
        scheme, preference = self.scheme, self.preference
        preference.check(label, population)
        rows, row_bytes = population.expected_records, ROW_BYTES * scheme.bands
        sign_name, pair_name, cluster_name, verify_name, index_name = (
            f"{label}.{step}" for step in ("sign", "pair", "cluster", "verify", "index")
        )

        def sign(results: Results) -> list[Task]:
            partitions = population.partitions(row_bytes, results)
            return [
                make_task(
                    sign_name,
                    split,
                    Sign(population.view(split, results), population.names[split], preference, scheme, partitions),
                    of_split(results, population, split),
                )
                for split in range(population.splits)
            ]

        signed = Phase(sign_name, sign, population.splits, disk=rows * scheme.permutations * 4, rate=100e6)
        phases, bands, files = merged(signed, BANDS)

        def pair(results: Results) -> list[Task]:
            preference.check_found(label, results[sign_name].done)
            after = fingerprints(results, [bands])
            return [
                make_task(pair_name, index, Pair(bands, files, index), after)
                for index in range(population.partitions(row_bytes, results))
            ]

        def groups(results: Results) -> int:
            links = sum(done.stats["links"] for name in (sign_name, pair_name) for done in results[name].done)
            return max(population.bytes // GROUP_BYTES, exchange.partitions_for(DECISION_BYTES * links))

        def cluster(results: Results) -> list[Task]:
            linked = tuple(done.name for name in (sign_name, pair_name) for done in results[name].done)
            ranked = preference.keep != "first"
            work = Cluster(linked, sign_name, ranked, population.starts, groups(results))
            return [make_task(cluster_name, 0, work, fingerprints(results, [sign_name, pair_name]))]

        def verify(results: Results) -> list[Task]:
            after = fingerprints(results, [cluster_name, *population.written])
            return [
                make_task(
                    verify_name,
                    group,
                    Verify(label, cluster_name, group, population.written, population.starts, scheme, self.similarity),
                    after,
                )
                for group in range(groups(results))
            ]

        decides = Phase(verify_name, verify, max(1, population.bytes // GROUP_BYTES), 1 << 29, rate=50e6)
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
            Phase(cluster_name, cluster, 1, 9 * exchange.PARTITION_BYTES, 3 * MEMBER_BYTES * rows),
            decides,
            Phase(index_name, index, population.splits, disk=rows * scheme.permutations * 4),
        )
        return Steps(steps, decides, {label: (index_name, INDEX)}, (self._note(label, scheme),))

    def _note(self, label: str, scheme: Scheme) -> str:
        return (
            f"{label}: {scheme.bands} bands of {scheme.rows} rows, {scheme.permutations} permutations, miss "
            f"{missed(self.similarity, scheme.bands, scheme.rows):.2%} of the pairs at a similarity of "
            f"{self.similarity:g}, and {missed((1 + self.similarity) / 2, scheme.bands, scheme.rows):.1e} at "
            f"{(1 + self.similarity) / 2:g}"
        )
