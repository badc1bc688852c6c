"""Counts of each document's words, lines and symbols, in one pass over its bytes.

They are what the quality rules of Gopher (Rae et al. 2021, arXiv 2112.11446, appendix A.1.1) look at. The paper does
not say what a word is. Two answers are counted here: `words` as `words.py` defines them, and `whitespace_words`,
which are what stands between white space (`str.split`), with the punctuation that clings to them.
"""

from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from .buffers import TextArray, text_buffers
from .compile import kernel, reads, writes
from .unicode_tables import BULLET, LINE_BREAK, SPACE, unicode_tables
from .word_hashes import hash_words
from .words import OPENS, entry_at, read_word

GOPHER_STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")

MAX_STOP_WORDS = 64
"""Those found in a document are the bits of one number."""

HASH, DOT, ELLIPSIS, CARRIAGE_RETURN, LINE_FEED = (ord(character) for character in "#.…\r\n")


@dataclass(frozen=True)
class DocumentStats:
    """Counts, all int64 (documents,).

    Args:
        characters: Code points.
        words: Words.
        word_characters: Code points in words; over `words` it is the mean word length.
        alphabetic_words: Words with a letter.
        whitespace_words: Runs of anything but white space.
        alphabetic_whitespace_words: Those with a letter.
        hashes: `#`.
        ellipses: `...`, each run of dots counted by threes, and `…`.
        lines: Lines, as `str.splitlines` cuts them; empty ones count.
        bullet_lines: Lines whose first character after white space is one of `unicode_tables.BULLETS`.
        ellipsis_lines: Lines that end, before white space, in `...` or `…`.
        stop_words: Different stop words, whatever their case.
    """

    characters: NDArray[np.int64]
    words: NDArray[np.int64]
    word_characters: NDArray[np.int64]
    alphabetic_words: NDArray[np.int64]
    whitespace_words: NDArray[np.int64]
    alphabetic_whitespace_words: NDArray[np.int64]
    hashes: NDArray[np.int64]
    ellipses: NDArray[np.int64]
    lines: NDArray[np.int64]
    bullet_lines: NDArray[np.int64]
    ellipsis_lines: NDArray[np.int64]
    stop_words: NDArray[np.int64]


def document_stats(texts: TextArray, stop_words: tuple[str, ...] = GOPHER_STOP_WORDS) -> DocumentStats:
    """Count what is in each document of a large_string (or large_binary) array.

    Args:
        texts: The documents; a null counts as empty.
        stop_words: At most MAX_STOP_WORDS words, in lower case.

    Raises:
        ValueError: There are too many stop words, or one is not exactly one word.
    """
    buffers, tables = text_buffers(texts), unicode_tables()
    counts = np.zeros((len(fields(DocumentStats)), len(texts)), np.int64)
    count_all(buffers.data, buffers.starts, buffers.stops, tables.index, tables.pages, _stop_hashes(stop_words), counts)
    return DocumentStats(*counts)


@cache
def _stop_hashes(stop_words: tuple[str, ...]) -> NDArray[np.uint64]:
    if len(stop_words) > MAX_STOP_WORDS:
        raise ValueError(f"{len(stop_words)} stop words were given, and {MAX_STOP_WORDS} can be counted")
    return np.unique(hash_words(list(stop_words)))


@kernel(
    types.void(
        reads(types.uint8),
        reads(types.int64),
        reads(types.int64),
        reads(types.uint16),
        reads(types.int32),
        reads(types.uint64),
        writes(types.int64, 2),
    )
)
def count_all(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    stop_hashes: NDArray[np.uint64],
    counts: NDArray[np.int64],
) -> None:
    """Fill `counts`, (fields of DocumentStats, documents)."""
    # Bit h >> 58 of every stop word's hash h: most words are told from stop words by one look.
    sieve = np.uint64(0)
    for stop_hash in stop_hashes:
        sieve |= np.uint64(1) << (stop_hash >> np.uint64(58))

    for document in range(len(starts)):
        stop = stops[document]
        position = starts[document]
        characters = words = word_characters = alphabetic_words = 0
        whitespace_words = alphabetic_whitespace_words = 0
        hashes = ellipses = lines = bullet_lines = ellipsis_lines = 0
        stop_words_found = np.uint64(0)
        in_run, run_has_letter = False, False  # of anything but white space
        line_open, line_blank, after_return = False, True, False
        dots, ends_in_ellipsis = 0, False
        while position < stop:
            code, length, entry = entry_at(data, position, stop, index, pages)
            if entry & OPENS:
                position, word, word_length, has_letter = read_word(data, position, stop, index, pages)
                characters += word_length
                words += 1
                word_characters += word_length
                alphabetic_words += has_letter
                if sieve >> (word >> np.uint64(58)) & np.uint64(1):
                    for bit in range(len(stop_hashes)):
                        if stop_hashes[bit] == word:
                            stop_words_found |= np.uint64(1) << np.uint64(bit)
                whitespace_words += not in_run
                alphabetic_whitespace_words += has_letter and not run_has_letter
                run_has_letter |= has_letter
                in_run, line_open, line_blank, after_return = True, True, False, False
                dots, ends_in_ellipsis = 0, False
                continue
            position += length
            characters += 1
            if entry & LINE_BREAK:
                # A line feed behind a carriage return ends no line of its own.
                if not (after_return and code == LINE_FEED):
                    lines += 1
                    ellipsis_lines += ends_in_ellipsis
                after_return = code == CARRIAGE_RETURN
                in_run, run_has_letter = False, False
                line_open, line_blank = False, True
                dots, ends_in_ellipsis = 0, False
                continue
            line_open, after_return = True, False
            if entry & SPACE:
                in_run, run_has_letter = False, False
                dots = 0
                continue
            whitespace_words += not in_run
            in_run = True
            bullet_lines += line_blank and entry & BULLET != 0
            line_blank = False
            hashes += code == HASH
            dots = dots + 1 if code == DOT else 0
            ellipses += code == ELLIPSIS or (dots > 0 and dots % 3 == 0)
            ends_in_ellipsis = code == ELLIPSIS or dots >= 3
        if line_open:
            lines += 1
            ellipsis_lines += ends_in_ellipsis
        stop_words = 0
        while stop_words_found:
            stop_words_found &= stop_words_found - np.uint64(1)
            stop_words += 1
        for field, count in enumerate(
            (
                characters,
                words,
                word_characters,
                alphabetic_words,
                whitespace_words,
                alphabetic_whitespace_words,
                hashes,
                ellipses,
                lines,
                bullet_lines,
                ellipsis_lines,
                stop_words,
            )
        ):
            counts[field, document] = count
