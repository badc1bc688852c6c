"""A filter in the fast form: measures for a whole batch of records, and rules that bound them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.pipeline.filters.base import Measures, Record, Rule, RuleFilter


@dataclass(frozen=True)
class Shouting(RuleFilter):
    """Drops documents of which too many letters are capitals.

    Args:
        max_capitals: Share of the letters that are capitals, at most.
    """

    max_capitals: float = 0.3

    @property
    def rules(self) -> tuple[Rule, ...]:
        """One bound; the reason, the measured value and the threshold reach the ledger by themselves."""
        return (Rule("shouting", "capitals", high=self.max_capitals),)

    def measure(self, batch: pa.RecordBatch) -> Measures:
        """The share of capitals, of every record at once."""
        texts = batch.column("text")
        capitals = pc.count_substring_regex(texts, r"\p{Lu}").to_numpy(zero_copy_only=False)
        letters = pc.count_substring_regex(texts, r"\p{L}").to_numpy(zero_copy_only=False)
        return Measures({"capitals": capitals / np.maximum(letters, 1)})


EXAMPLES = (
    (Record(url=None, meta={}, text="Nobody shouts here."), None),
    (Record(url=None, meta={}, text="CLICK HERE NOW!!!"), "shouting"),
)
