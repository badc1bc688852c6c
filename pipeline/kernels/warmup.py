"""All kernels as machine code before work starts: compiled once by the parent, then loaded by every worker."""

from collections.abc import Iterator
from typing import Any

from .c4_lines import choose_lines
from .compile import Compilation, Kernel
from .document_stats import count_all
from .language import score_documents
from .language_text import find_beginnings
from .marked_documents import mark_documents
from .minhash import hash_bands, sign_shingles, sign_texts
from .ngram_matches import match_ngrams
from .normalized import normalize_all
from .shingles import count_common, hash_shingles, shingle_all
from .word_hashes import find_words

KERNELS: tuple[Kernel[..., Any], ...] = (
    find_words,
    count_all,
    hash_shingles,
    shingle_all,
    count_common,
    sign_texts,
    sign_shingles,
    hash_bands,
    normalize_all,
    mark_documents,
    match_ngrams,
    find_beginnings,
    score_documents,
    choose_lines,
)


def compile_each() -> Iterator[Compilation]:
    """Compile or load one kernel after the other; there are `len(KERNELS)`, for a progress bar's total."""
    for kernel in KERNELS:
        yield kernel.compile()


def compile_all() -> list[Compilation]:
    """Compile or load all kernels."""
    return list(compile_each())
