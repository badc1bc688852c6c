"""The one walk over the bytes."""

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from .compile import kernel, reads, writes
from .lines import LINE_ARRAYS, LINE_FEED, OTHER_BREAK, RETURN_AND_FEED, LineArrays, put_line
from .tokens import CHARACTER, DOT, SYMBOL, TOKEN_ARRAYS, TokenArrays, put_piece, put_token
from .unicode_tables import LINE_BREAK, MARK, SPACE, UNSPACED
from .words import entry_at, next_word, read_word

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
        position = line_start = origin
        text_start, text_stop = -1, origin  # of the line, without white space around it
        line_characters = line_token = runs = longest_run = run_characters = 0
        while position < stop:
            code, length, entry = entry_at(data, position, stop, index, pages)
            if entry & (SPACE | LINE_BREAK):
                if run_characters:
                    longest_run = max(longest_run, characters - run_characters + 1)
                    run_characters = 0
                if entry & LINE_BREAK:
                    end, ending = position + length, OTHER_BREAK
                    if code == FEED:
                        ending = LINE_FEED
                    elif code == RETURN and end < stop and data[end] == FEED:
                        end, ending = end + 1, RETURN_AND_FEED
                    if text_start < 0:
                        text_start, text_stop = position, line_start
                    line = put_line(
                        lines, line, data, origin, line_start, position, text_start, text_stop,
                        characters - line_characters, line_token, runs, longest_run, ending, index, pages,
                    )  # fmt: skip
                    newlines += ending != OTHER_BREAK
                    characters += 2 if ending == RETURN_AND_FEED else 1
                    position = line_start = text_stop = end
                    text_start, line_characters, line_token = -1, characters, token - first_token
                    runs = longest_run = 0
                else:
                    characters += 1
                    position += length
                continue
            if run_characters == 0:
                runs += 1
                run_characters = characters + 1
            if text_start < 0:
                text_start = position
            if entry & UNSPACED:
                end, size = position + length, 1
                while end < stop:
                    _, width, behind = entry_at(data, end, stop, index, pages)
                    if not behind & MARK:
                        break
                    end, size = end + width, size + 1
                token = put_token(tokens, token, data, origin, position, end, size, entry)
            else:
                end, size = position, 0
                while end < stop:
                    code, width, behind = entry_at(data, end, stop, index, pages)
                    if behind & (SPACE | LINE_BREAK | UNSPACED):
                        break
                    hashes += code == HASH
                    ellipses += code == ELLIPSIS_MARK
                    end, size = end + width, size + 1
                dots = 0
                for place in range(position, end):
                    dots = dots + 1 if data[place] == DOT else 0
                    ellipses += dots > 0 and dots % 3 == 0
                token = put_piece(tokens, token, data, origin, position, end, index, pages)
            at = next_word(data, position, end, index, pages)
            while at < end:
                until, words.hashes[word], _, _ = read_word(data, at, end, index, pages)
                words.starts[word], words.stops[word] = at - origin, until - origin
                word += 1
                at = next_word(data, until, end, index, pages)
            characters += size
            position = text_stop = end
        if line_start < stop:
            if run_characters:
                longest_run = max(longest_run, characters - run_characters + 1)
            if text_start < 0:
                text_start, text_stop = stop, line_start
            line = put_line(
                lines, line, data, origin, line_start, stop, text_start, text_stop,
                characters - line_characters, line_token, runs, longest_run, 0, index, pages,
            )  # fmt: skip
        symbols = alphabetic = unspaced = plain_characters = 0
        for place in range(first_token, token):
            kind = tokens.kinds[place]
            symbols += kind & SYMBOL != 0
            alphabetic += kind & 2 != 0
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
