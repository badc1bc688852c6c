"""Bits per byte and perplexity of whole documents, for networks that predict the next token.

With the N tokens of all documents, special ones left out, and the B bytes of the texts to which they decode:

    bits per byte           - sum of log2 p(x_i | what stands before it in the window) / B
    perplexity per token    exp(- sum of ln p(x_i | ...) / N)

Of these, bits per byte can be compared between tokenizers. The first token of a document is predicted from the token
that ends documents, and counts; the end itself does not, so that the bits are those of the text. A document that is
longer than a window is read in several: one behind the other as in training, or, with a `stride` of fewer tokens than
the window, overlapping, so that each token sees more of what stands before it.

Beside the network stand each document compressed alone (DEFLATE), and each token by its frequency in the training
shards. The intervals are a bootstrap of documents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from headrace.shards.base.errors import RecipeError
from headrace.shards.base.progress import progress
from headrace.shards.base.rng import hash64, key

from ...data import DataFacts
from ..base import LanguageEvaluation
from ..coverage import EvaluationSet, set_of_shards
from ..examination import Candidate, Examination
from ..language.coders import deflated_bits, unigram_nats
from ..language.likelihood import Passage, kind_of, log_likelihoods
from ..records import read_records
from ..results import Measured, Metric

BITS = Metric("bits per byte", "less")
TOKENS = Metric("perplexity per token", "less", exponential=True)


@dataclass(frozen=True, kw_only=True)
class Perplexity(LanguageEvaluation):
    """How well the network predicts documents.

    Args:
        url: Shards of documents, of the training shards' tokenizer; null: the training shards themselves.
        documents: How many of them, drawn by a hash; null: all.
        stride: Tokens that a window predicts where a document needs several; null: as many as it holds.
    """

    url: str | None = None
    documents: Annotated[int, Field(gt=0)] | None = None
    stride: Annotated[int, Field(gt=0)] | None = None

    def check(self, exam: Examination) -> None:
        """See `Evaluation.check`: the documents must be of the training shards' tokenizer."""
        super().check(exam)
        found, expected = self._data(exam).manifest.tokenizer, exam.data.manifest.tokenizer
        if found is None or expected is None or found.sha256 != expected.sha256:
            raise RecipeError(
                f"perplexity cannot be measured on {self._data(exam).url}",
                found="documents of another tokenizer" if found else "shards that are no tokens",
                expected=f"documents of the tokenizer of {exam.data.url}",
                remedy="Build them with `output: {format: tokens, tokenizer: {file: THE OTHER'S tokenizer.json}}`",
            )

    def test_sets(self, exam: Examination) -> Sequence[EvaluationSet]:
        """See `Evaluation.test_sets`."""
        data = self._data(exam)
        same = data.manifest.fingerprint() == exam.data.manifest.fingerprint()
        return (EvaluationSet(data.url, seen=True) if same else set_of_shards(data.url, data.manifest),)

    def measure(self, candidate: Candidate) -> Sequence[Measured]:
        """See `LanguageEvaluation.measure`.

        Raises:
            RecipeError: The network predicts hidden tokens, which gives no text a likelihood.
        """
        exam = candidate.exam
        if kind_of(candidate.objective) != "causal":
            raise RecipeError(
                "perplexity is for networks that predict the next token",
                found="one that predicts hidden tokens, which gives no text a likelihood",
                remedy="Take `perplexity` out of `evals`; `cloze` can judge this network",
            )
        documents = self.read(exam)
        passages = [Passage(document) for document in documents]
        with progress(f"perplexity, {candidate.short}", sum(map(len, documents))) as advance:
            found = log_likelihoods(candidate.objective, exam.text, passages, exam.device, advance, self.stride)
        return _measured(exam, documents, np.array([-each.sum() for each in found]))

    def beside(self, exam: Examination) -> Mapping[str, Sequence[Measured]]:
        """See `Evaluation.beside`."""
        documents = self.read(exam)
        texts = [exam.data.tokenizer.decode(document.tolist()).encode() for document in documents]
        bits = deflated_bits(texts)[None]
        sizes, alone = np.array([len(text) for text in texts], np.float64), np.arange(len(texts))
        return {
            "DEFLATE": [Measured(BITS, bits, sizes, alone)],
            "frequencies of tokens": _measured(exam, documents, unigram_nats(exam.data, documents)),
        }

    def read(self, exam: Examination) -> list[NDArray[np.int64]]:
        """The tokens of each document, without special ones; those that have no other are left out."""
        data = self._data(exam)
        rows = np.arange(data.manifest.samples)
        if self.documents is not None:
            rows = np.sort(np.argsort(hash64(rows, key("headrace.perplexity")), kind="stable")[: self.documents])
        held = (record["tokens"].astype(np.int64) for record in read_records(data, rows))
        plain = (tokens[~np.isin(tokens, exam.data.vocabulary.special)] for tokens in held)
        return [tokens for tokens in plain if len(tokens)]

    def _data(self, exam: Examination) -> DataFacts:
        return exam.data if self.url is None else DataFacts.of(self.url)


def _measured(exam: Examination, documents: Sequence[NDArray[np.int64]], nats: NDArray[np.float64]) -> list[Measured]:
    sizes = np.array([len(exam.data.tokenizer.decode(document.tolist()).encode()) for document in documents])
    lengths, alone = np.array([len(document) for document in documents]), np.arange(len(documents))
    return [
        Measured(BITS, nats[None] / np.log(2), sizes.astype(np.float64), alone),
        Measured(TOKENS, nats[None], lengths.astype(np.float64), alone),
    ]
