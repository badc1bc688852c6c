"""What is counted over the corpus: n-grams, and the documents that are witnesses of how common they are."""

import hashlib
from collections.abc import Sequence
from typing import Literal

import numpy as np

from ..filters._addresses import split_url
from ..filters.base import NO_KEYS, Occurrences
from .findings import Finding

By = Literal["texts", "hosts"]


def occurrences(findings: Sequence[Finding], urls: Sequence[str | None], by: By) -> Occurrences:
    """Each n-gram that stands in a document which is no copy of an item that has it.

    Args:
        findings: What was found in documents.
        urls: The URL of each document in which something was found.
        by: What counts once: documents of the same words, or documents of the same host; one without a URL stands for
            itself.
    """
    rows, keys, witnesses = [np.empty(0, np.int64)], [NO_KEYS], [NO_KEYS]
    for each, url in zip(findings, urls, strict=True):
        witness = _host(url) if by == "hosts" and url else each.words
        rows.append(np.full(len(each.phrases), each.row))
        keys.append(each.phrases)
        witnesses.append(np.full(len(each.phrases), witness, np.uint64))
    return Occurrences(np.concatenate(rows), np.concatenate(keys), np.concatenate(witnesses))


def _host(url: str) -> int:
    host, _ = split_url(url)
    return int.from_bytes(hashlib.blake2b(host.encode("utf-8", "replace"), digest_size=8).digest())
