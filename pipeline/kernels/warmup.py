"""All kernels as machine code before work starts: compiled once by the parent, then loaded by every worker."""

from collections.abc import Iterator
from typing import Any

from .address_candidates import find_candidates
from .c4_lines import choose_lines
from .compile import Compilation, Kernel
from .feed_lines import join_lines
from .folding import find_kinds, write_folded
from .language import score_documents
from .language_text import find_beginnings
from .line_corrections import correct_all
from .line_repetition import count_repeated
from .listed_phrases import find_listed
from .minhash import hash_bands, sign_shingles, sign_texts
from .ngram_matches import match_ngrams
from .ngrams import find_repeated
from .normalized import normalize_all
from .sentences import count_sentences
from .shingles import count_common, hash_shingles, shingle_all
from .stop_words import find_stop_words, hash_each
from .walk import count_possible_breaks, walk
from .word_hashes import find_words

KERNELS: tuple[Kernel[..., Any], ...] = (
    find_words,
    count_possible_breaks,
    walk,
    join_lines,
    count_repeated,
    find_repeated,
    hash_each,
    find_stop_words,
    hash_shingles,
    shingle_all,
    count_common,
    sign_texts,
    sign_shingles,
    hash_bands,
    normalize_all,
    find_kinds,
    write_folded,
    match_ngrams,
    find_beginnings,
    score_documents,
    choose_lines,
    count_sentences,
    find_candidates,
    find_listed,
    correct_all,
)


def compile_each() -> Iterator[Compilation]:
    """Compile or load one kernel after the other; there are `len(KERNELS)`, for a progress bar's total."""
    for kernel in KERNELS:
        yield kernel.compile()


def compile_all() -> list[Compilation]:
    """Compile or load all kernels."""
    return list(compile_each())
