r"""Near-duplicate removal end to end, texts in memory: three versions of one manual, similarity 0.8, word 5-grams.

Everyone starts from the same texts and ends with the documents to remove. headrace (`near_duplicates`, which gets the
texts as an Arrow array, as its builds hold them) verifies every candidate by its exact similarity. rensa's
deduplicator verifies by its sketches; words and shingles are left to its user and get the cheapest there is.
text-dedup's pipeline is `text_dedup.minhash` with its own shingles, hashes, tables and union-find and its fastest hash,
without the data set on disk around it: what falls into one bucket is one cluster. All use 128 permutations.

The truth is the exact Jaccard similarity of all pairs, by other code, over runs of `\w` in lower case. *Recall*: of
the pairs at 0.8 or more, the share of which not both stay. *Precision*: of the documents removed, the share to which
one that stays has a similarity of 0.8 or more. headrace's words are not quite the truth's, so that what is 0.800 by its
own may be 0.795 there: it is shown at 0.8, as everyone, and at 0.81, where it removes less and is right more often.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .documents import FILE, megabytes, read_texts
from .harness import OURS, Benchmark, Contestant, Done, Setting, Target, Timed
from .minhash import shingles

SOURCES = ("postgresql-doc-13_bullseye", "postgresql-doc-15_bookworm", "postgresql-doc-17_trixie")
SMALL = 300
SIMILARITY, STRICTER, N, PERMUTATIONS, SEED = 0.8, 0.81, 5, 128, 1
TRUTH = "pairs.json"


def prepare(setting: Setting) -> None:
    """The texts, and all pairs that are similar enough."""
    from .corpora.documents import read_documents
    from .corpora.places import Places

    documents = read_documents(Places(setting.corpus).documents, ["en"])
    texts = [document["text"] for document in documents if document["source"] in SOURCES]
    texts = texts[:: len(texts) // SMALL] if setting.small else texts
    (setting.folder / FILE).write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    (setting.folder / TRUTH).write_text(json.dumps(_similar_pairs(texts)))


def _similar_pairs(texts: list[str]) -> list[tuple[int, int]]:
    """All pairs (i, j), i < j, whose exact similarity reaches SIMILARITY."""
    import numpy as np
    from scipy.sparse import csr_matrix

    numbers: dict[tuple[str, ...], int] = {}
    rows = [sorted({numbers.setdefault(each, len(numbers)) for each in _grams(text)}) for text in texts]
    sizes = np.array([len(row) for row in rows])
    places = (np.ones(sizes.sum(), np.float32), np.concatenate(rows), np.concatenate([[0], sizes.cumsum()]))
    matrix = csr_matrix(places, (len(texts), len(numbers)))
    shared = (matrix @ matrix.T).tocoo()
    unions = sizes[shared.row] + sizes[shared.col] - shared.data
    similar = (shared.row < shared.col) & (shared.data >= SIMILARITY * unions)
    return list(zip(shared.row[similar].tolist(), shared.col[similar].tolist(), strict=True))


def _grams(text: str) -> Iterable[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return zip(*(words[i:] for i in range(N)), strict=False) if len(words) >= N else [tuple(words)]


def headrace(folder: Path) -> Timed:
    return _headrace(folder, SIMILARITY)


def stricter(folder: Path) -> Timed:
    return _headrace(folder, STRICTER)


def _headrace(folder: Path, similarity: float) -> Timed:
    import pyarrow as pa

    from headrace.pipeline.dedup import near_duplicates

    texts = read_texts(folder)
    size, column = megabytes(texts), pa.array(texts, pa.large_string())

    def remove() -> Done:
        found = near_duplicates(column, similarity, permutations=PERMUTATIONS, ngram=N)
        return Done(size, lambda: _facts(folder, len(texts), found.duplicates.tolist()))

    return remove


def rensa(folder: Path) -> Timed:
    from rensa import RMinHash, RMinHashDeduplicator

    texts = read_texts(folder)
    size = megabytes(texts)

    def remove() -> Done:
        sketches = RMinHash.from_token_sets(map(shingles, texts), PERMUTATIONS, SEED)
        index = RMinHashDeduplicator(SIMILARITY, PERMUTATIONS, use_lsh=True, seed=SEED)
        kept = index.add_pairs((str(number), sketch) for number, sketch in enumerate(sketches))
        return Done(size, lambda: _facts(folder, len(texts), [i for i, stays in enumerate(kept) if not stays]))

    return remove


def text_dedup(folder: Path) -> Timed:
    import numpy as np
    from text_dedup.minhash import RNG, SIGNATURE_COLUMN, embed_func
    from text_dedup.utils import UnionFind, optimal_param, xxh3_32hash

    texts = read_texts(folder)
    size = megabytes(texts)
    # As `text_dedup.minhash.main` sets them for `--hash_func xxh3`, with its default of 64 bits.
    dtype, max_hash, prime = np.uint64, np.uint32((1 << 32) - 1), np.uint64((1 << 61) - 1)
    bands, rows = optimal_param(SIMILARITY, PERMUTATIONS, false_positive_weight=0.5, false_negative_weight=0.5)
    permutations = (
        RNG.randint(1, prime, size=(PERMUTATIONS,), dtype=dtype),
        RNG.randint(0, prime, size=(PERMUTATIONS,), dtype=dtype),
    )
    parameters: dict[str, Any] = {
        "num_perm": PERMUTATIONS,
        "ngram_size": N,
        "min_length": 0,
        "hashranges": [(band * rows, (band + 1) * rows) for band in range(bands)],
        "permutations": permutations,
        "hash_func": xxh3_32hash,
        "dtype": dtype,
        "max_hash": max_hash,
        "modulo_prime": prime,
    }

    def remove() -> Done:
        tables: list[dict[bytes, list[int]]] = [{} for _ in range(bands)]
        for number, text in enumerate(texts):
            signature = embed_func(text, number, **parameters)[SIGNATURE_COLUMN]
            for table, value in zip(tables, signature, strict=True):
                table.setdefault(value, []).append(number)
        clusters = UnionFind()
        for table in tables:
            for members in table.values():
                for member in members[1:]:
                    clusters.union(member, members[0])
        removed = [number for number in range(len(texts)) if clusters.find(number) != number]
        return Done(size, lambda: _facts(folder, len(texts), removed))

    return remove


def _facts(folder: Path, documents: int, removed: list[int]) -> dict[str, int | float]:
    pairs, gone = json.loads((folder / TRUTH).read_text()), set(removed)
    caught = sum(bool(gone & set(pair)) for pair in pairs)
    like_kept = {i for pair in pairs for i, other in (pair, reversed(pair)) if other not in gone}
    return {
        "documents": documents,
        "removed": len(gone),
        "recall": round(caught / max(len(pairs), 1), 4),
        "precision": round(len(gone & like_kept) / max(len(gone), 1), 4),
    }


GOOD = ("recall", "precision")

BENCHMARK = Benchmark(
    title="Near-duplicate removal",
    unit="MB",
    prepare=prepare,
    contestants=(
        Contestant("headrace", OURS, headrace),
        Contestant("headrace, at 0.81", OURS, stricter),
        Contestant("rensa", "rensa", rensa),
        Contestant("text-dedup", "text_dedup", text_dedup),
    ),
    targets=(
        Target("near-duplicate removal", "rensa", "headrace, at 0.81", least=3, no_worse=GOOD),
        Target("near-duplicate removal", "text-dedup", "headrace, at 0.81", least=3, no_worse=GOOD),
    ),
)
