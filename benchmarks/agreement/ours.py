"""Our filters' verdicts on the same documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headrace.pipeline.batch import Batch
from headrace.pipeline.filters.base import FILTERS, KEEP, Filter
from headrace.pipeline.records import BatchBuilder

from ..corpora.documents import Document
from .pairs import Pair
from .sample import STOP_WORDS


@dataclass(frozen=True)
class Verdict:
    """On one document.

    Args:
        reason: Why it was dropped; None where it was kept.
        value: What was measured for that reason.
        threshold: The bound that it broke.
        scores: All that was measured.
    """

    reason: str | None
    value: float
    threshold: float
    scores: Mapping[str, float]


def judge(pair: Pair, documents: Sequence[Document]) -> list[Verdict]:
    """One verdict per document, in their order, with the stop words of its language where there are any."""
    verdicts: dict[str, Verdict] = {}
    for language in dict.fromkeys(document["language"] for document in documents):
        chosen = [document for document in documents if document["language"] == language]
        extra: dict[str, Any] = {"stop_words": STOP_WORDS[language]} if pair.stop_words else {}
        if pair.language:
            extra["language"] = language
        rules: Filter = FILTERS.load(pair.ours)(**extra)
        verdicts |= zip((document["id"] for document in chosen), _judged(rules, chosen), strict=True)
    return [verdicts[document["id"]] for document in documents]


def _judged(rules: Filter, documents: Sequence[Document]) -> list[Verdict]:
    builder = BatchBuilder("text")
    for number, document in enumerate(documents):
        builder.add(number, document["text"])
    found = rules.judge(Batch(builder.take()))
    columns = {name: values.tolist() for name, values in found.scores.items()}
    return [
        Verdict(
            None if rule == KEEP else rules.reasons[rule],
            value,
            threshold,
            {name: values[row] for name, values in columns.items()},
        )
        for row, (rule, value, threshold) in enumerate(
            zip(
                found.rule.tolist(), np.asarray(found.value).tolist(), np.asarray(found.threshold).tolist(), strict=True
            )
        )
    ]
