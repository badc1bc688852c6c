"""The one walk over the bytes."""

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from .ascii_words import read_ascii_run
from .compile import kernel, reads, writes
from .lines import LINE_ARRAYS, LINE_FEED, OTHER_BREAK, RETURN_AND_FEED, LineArrays, put_line
from .tokens import (
    ALPHABETIC,
    CHARACTER,
    DOT,
    MAX_PIECE,
    PIECE,
    SYMBOL,
    TOKEN_ARRAYS,
    Piece,
    TokenArrays,
    put_piece,
    put_token,
)
from .unicode_tables import DIGIT, LETTER, LINE_BREAK, MARK, SPACE, UNSPACED
from .words import OPENS, entry_at, read_word

HASH, ELLIPSIS_MARK, RETURN, FEED = map(ord, "#…\r\n")


class WordArrays(NamedTuple):
    """Where the walk writes words; see `word_hashes.WordHashes`."""

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]


WORD_ARRAYS: Any = types.NamedTuple(  # type: ignore[no-untyped-call]
    (writes(types.uint64), writes(types.int64), writes(types.int64)), WordArrays
)


@kernel(
    types.void(
        reads(types.uint8),
        reads(types.int64),
        reads(types.int64),
        reads(types.uint16),
        reads(types.int32),
        writes(types.int64, 2),
        PIECE,
        TOKEN_ARRAYS,
        WORD_ARRAYS,
        LINE_ARRAYS,
        writes(types.int64, 2),
    )
)
def walk(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    offsets: NDArray[np.int64],
    piece: Piece,
    tokens: TokenArrays,
    words: WordArrays,
    lines: LineArrays,
    counts: NDArray[np.int64],
) -> None:
    """Fill `offsets`, (tokens words lines, documents + 1), the flat arrays, which must have room, and `counts`."""
    token = word = line = 0
    for document in range(len(starts)):
        origin, stop = int(starts[document]), int(stops[document])
        first_token, first_word = token, word
        characters = newlines = hashes = ellipses = 0
        position = line_start = word_stop = origin
        text_start, text_stop = -1, origin  # of the line, without white space around it
        line_characters = line_token = runs = longest_run = run_characters = 0
        while position < stop:
            _, length, entry = entry_at(data, position, stop, index, pages)
            if entry & (SPACE | LINE_BREAK):
                if run_characters:
                    longest_run = max(longest_run, characters - run_characters + 1)
                    run_characters = 0
                if not entry & LINE_BREAK:
                    characters += 1
                    position += length
                    continue
                end, ending = position + length, OTHER_BREAK
                if data[position] == FEED:
                    ending = LINE_FEED
                elif data[position] == RETURN and end < stop and data[end] == FEED:
                    end, ending = end + 1, RETURN_AND_FEED
                if text_start < 0:
                    text_start = text_stop = position
                line = put_line(
                    lines, line, data, origin, line_start, position, text_start, text_stop,
                    characters - line_characters, line_token, runs, longest_run, ending, index, pages,
                )  # fmt: skip
                newlines += ending != OTHER_BREAK
                characters += 2 if ending == RETURN_AND_FEED else 1
                position = line_start = text_stop = end
                text_start, line_characters, line_token = -1, characters, token - first_token
                runs = longest_run = 0
                continue
            if run_characters == 0:
                runs += 1
                run_characters = characters + 1
            if text_start < 0:
                text_start = position
            if entry & UNSPACED:
                end, size = position + length, 1
                while end < stop and data[end] >= 0x80:
                    _, width, behind = entry_at(data, end, stop, index, pages)
                    if not behind & MARK:
                        break
                    end, size = end + width, size + 1
                token = put_token(tokens, token, data, origin, position, end, size, entry)
                words.hashes[word] = tokens.hashes[token - 1]
                words.starts[word], words.stops[word] = position - origin, end - origin
                word += 1
                characters += size
                position = text_stop = end
                continue
            if entry & (LETTER | DIGIT) and position + 8 <= len(data) and position >= word_stop:
                end, hashed, lower_hash, has_letter = read_ascii_run(data, position, stop)
                # Most runs end at white space, or at a comma or dot before it.
                behind = np.int64(pages[data[end]]) if end < stop and data[end] < 0x80 else np.int64(LETTER)
                if end == stop:
                    behind = np.int64(SPACE)
                if behind & (SPACE | LINE_BREAK):
                    tokens.hashes[token] = hashed
                    tokens.starts[token], tokens.stops[token] = position - origin, end - origin
                    tokens.characters[token] = end - position
                    tokens.kinds[token] = ALPHABETIC if has_letter else 0
                    words.hashes[word] = lower_hash
                    words.starts[word], words.stops[word] = position - origin, end - origin
                    token, word = token + 1, word + 1
                    characters += end - position
                    position = text_stop = end
                    continue
            end, size, dots = position, 0, 0
            while end < stop and size < MAX_PIECE:
                code, length, entry = entry_at(data, end, stop, index, pages)
                if entry & (SPACE | LINE_BREAK | UNSPACED):
                    break
                piece.codes[size], piece.entries[size], piece.places[size] = code, entry, end
                hashes += code == HASH
                dots = dots + 1 if code == DOT else 0
                ellipses += code == ELLIPSIS_MARK or (dots > 0 and dots % 3 == 0)
                end, size = end + length, size + 1
            piece.entries[size], piece.places[size] = 0, end
            token = put_piece(tokens, token, data, origin, piece, size)
            for place in range(size):
                at = piece.places[place]
                if piece.entries[place] & OPENS and at >= word_stop:
                    word_stop, words.hashes[word], _, _ = read_word(data, at, stop, index, pages)
                    words.starts[word], words.stops[word] = at - origin, word_stop - origin
                    word += 1
            characters += size
            position = text_stop = end
        if line_start < stop:
            if run_characters:
                longest_run = max(longest_run, characters - run_characters + 1)
            if text_start < 0:
                text_start = text_stop = stop
            line = put_line(
                lines, line, data, origin, line_start, stop, text_start, text_stop,
                characters - line_characters, line_token, runs, longest_run, 0, index, pages,
            )  # fmt: skip
        symbols = alphabetic = unspaced = plain_characters = 0
        for place in range(first_token, token):
            kind = tokens.kinds[place]
            symbols += kind & SYMBOL != 0
            alphabetic += kind & ALPHABETIC != 0
            unspaced += kind & CHARACTER != 0
            if not kind & (SYMBOL | CHARACTER):
                plain_characters += int(tokens.characters[place])
        count = token - first_token
        for field, value in enumerate(
            (
                characters,
                newlines,
                hashes,
                ellipses,
                word - first_word,
                count,
                symbols,
                alphabetic,
                unspaced,
                count - symbols - unspaced,
                plain_characters,
            )
        ):
            counts[field, document] = value
        offsets[0, document + 1], offsets[1, document + 1], offsets[2, document + 1] = token, word, line
