"""MinHash signatures of word 5-grams from raw text, 14 x 8 = 112 values each.

Everyone starts from the same Python strings of English manual pages (headrace: from the same text as an Arrow array,
as its builds hold it) and segments, lower-cases, shingles, hashes and signs them. datatrove brings its own word
tokenizer. datasketch and rensa leave words and shingles to the user: they get the cheapest there is, `str.split` and
joins by `map` and `zip`, which also separates fewer words than the others. rensa's R-MinHash needs fewer hashes by
construction, and takes its fast paths only for powers of two, so that it is shown with 128 values as well.
"""

from collections.abc import Iterator
from pathlib import Path

from .documents import megabytes, read_texts, write_documents
from .harness import OURS, Benchmark, Contestant, Done, Target, Timed

BANDS, ROWS = 14, 8
VALUES = BANDS * ROWS
N = 5


def headrace(folder: Path) -> Timed:
    import pyarrow as pa

    from headrace.pipeline.kernels.minhash import signatures

    texts = read_texts(folder)
    size, column = megabytes(texts), pa.array(texts, pa.large_string())
    return lambda: Done(size, {"documents": len(signatures(column, VALUES, N))})


def datasketch_sha1(folder: Path) -> Timed:
    from datasketch.hashfunc import sha1_hash32

    return _datasketch(folder, sha1_hash32)


def datasketch_xxhash(folder: Path) -> Timed:
    from xxhash import xxh32_intdigest

    return _datasketch(folder, xxh32_intdigest)


def _datasketch(folder: Path, hashfunc: object) -> Timed:
    from datasketch import MinHash

    texts = read_texts(folder)
    size = megabytes(texts)

    def sign() -> Done:
        encoded = ([shingle.encode() for shingle in shingles(text)] for text in texts)
        # `generator` draws the permutations once and calls `update_batch` for each document.
        signed = list(MinHash.generator(encoded, num_perm=VALUES, scheme="affine32", hashfunc=hashfunc))
        return Done(size, {"documents": len(signed)})

    return sign


def rensa_112(folder: Path) -> Timed:
    return _rensa(folder, VALUES)


def rensa_128(folder: Path) -> Timed:
    return _rensa(folder, 128)


def _rensa(folder: Path, values: int) -> Timed:
    from rensa import RMinHash

    texts = read_texts(folder)
    size = megabytes(texts)

    def sign() -> Done:
        matrix = RMinHash.digest_matrix_from_token_sets(map(shingles, texts), values, 1)
        return Done(size, {"documents": matrix.len()})

    return sign


def datatrove(folder: Path) -> Timed:
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature

    config = MinhashConfig(n_grams=N, num_buckets=BANDS, hashes_per_bucket=ROWS)
    stage = MinhashDedupSignature(str(folder), config)
    texts = read_texts(folder)
    size = megabytes(texts)

    def signed() -> Iterator[list[list[int]]]:
        for text in texts:
            found = stage.get_shingles(text)
            yield stage.get_signature(found) if found.size else []

    return lambda: Done(size, {"documents": len(list(signed()))})


def shingles(text: str) -> list[str]:
    """Word 5-grams, or all of a shorter text."""
    words = text.lower().split()
    return list(map(" ".join, zip(*(words[i:] for i in range(N)), strict=False))) or [" ".join(words)]


BENCHMARK = Benchmark(
    title="MinHash signatures",
    unit="MB",
    prepare=write_documents,
    contestants=(
        Contestant("headrace", OURS, headrace),
        Contestant("rensa", "rensa", rensa_112),
        Contestant("rensa, 128 values", "rensa", rensa_128),
        Contestant("datasketch, xxHash", "datasketch", datasketch_xxhash),
        Contestant("datasketch, its default SHA-1", "datasketch", datasketch_sha1),
        Contestant("datatrove", "datatrove", datatrove),
    ),
    targets=(
        Target("MinHash signatures", "datatrove", "headrace", least=150),
        Target("MinHash signatures", "datasketch, xxHash", "headrace", least=12),
        Target("MinHash signatures", "rensa", "headrace", least=5),
    ),
)
