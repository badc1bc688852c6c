"""The one walk over the bytes."""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .ascii_words import read_ascii_run
from .hashing import hash_byte
from .lines import LINE_ARRAYS, LINE_FEED, OTHER_BREAK, RETURN_AND_FEED, LineArrays, put_line
from .token_rules import DOT, MAX_PIECE, ORDINALS, PIECE, Piece, put_piece
from .tokens import ALPHABETIC, CHARACTER, SYMBOL, TOKEN_ARRAYS, TokenArrays, put_token
from .unicode_tables import CASE_SHIFT, DIGIT, LETTER, LINE_BREAK, MARK, SPACE, TRAILS, UNSPACED
from .words import OPENS, entry_at

HASH, ELLIPSIS_MARK, RETURN, FEED = map(ord, "#…\r\n")


@kernel(
    types.void(
        reads(types.uint8),
        reads(types.int64),
        reads(types.int64),
        reads(types.uint16),
        reads(types.int32),
        writes(types.int64, 2),
        types.int64,
        PIECE,
        TOKEN_ARRAYS,
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
    manner: int,
    piece: Piece,
    tokens: TokenArrays,
    lines: LineArrays,
    counts: NDArray[np.int64],
) -> None:
    """Fill `offsets`, (tokens and lines, documents + 1), the flat arrays, which must have room, and `counts`."""
    token = line = 0
    for document in range(len(starts)):
        origin, stop = int(starts[document]), int(stops[document])
        first_token = token
        characters = newlines = hashes = ellipses = words = skipped = 0
        in_word = False  # at the start of a piece only where a long one was cut
        position = line_start = text_stop = origin
        text_start = -1  # of the line, without white space around it; -1 while there is nothing else
        line_characters = line_token = runs = longest_run = 0
        run_start = -1  # of what stands between white space, in characters; -1 within white space
        while position < stop or line_start < stop:
            length, entry = 0, np.int64(LINE_BREAK)
            if position < stop:
                _, length, entry = entry_at(data, position, stop, index, pages)
            if entry & (SPACE | LINE_BREAK):
                in_word = False
                if run_start >= 0:
                    longest_run, run_start = max(longest_run, characters - run_start), -1
                if entry & SPACE:
                    characters, position = characters + 1, position + length
                    continue
                end, ending = end_of_break(data, position, stop, length)
                if text_start < 0:
                    text_start = text_stop = position
                line = put_line(
                    lines, line, data, origin, line_start, position, text_start, text_stop,
                    characters - line_characters, line_token, runs, longest_run, ending, index, pages,
                )  # fmt: skip
                newlines += ending & (LINE_FEED | RETURN_AND_FEED) != 0
                characters += (ending != 0) + (ending == RETURN_AND_FEED)
                if ending == LINE_FEED and position == line_start and follows_feeds(data, position, origin):
                    end, feeds = end_of_feeds(data, end, stop)
                    newlines, characters, skipped = newlines + feeds, characters + feeds, skipped + feeds
                position = line_start = end
                text_start, line_characters, line_token, runs, longest_run = -1, characters, token - first_token, 0, 0
                continue
            if run_start < 0:
                runs, run_start = runs + 1, characters
            if text_start < 0:
                text_start = position
            end = position
            if entry & UNSPACED:
                end, size = end_of_marks(data, position + length, stop, index, pages)
                token = put_token(tokens, token, data, origin, position, end, size + 1, entry)
                characters, words, in_word = characters + size + 1, words + 1, False
            elif entry & (LETTER | DIGIT) and position + 8 <= len(data):
                token, end = put_plain_run(tokens, token, data, origin, position, stop, pages, manner)
                if end > position:
                    characters, words, in_word = characters + end - position, words + (not in_word), False
            if end == position:
                end, size, more_hashes, more_ellipses, more_words, in_word = decode_piece(
                    data, position, stop, index, pages, piece, in_word
                )
                token = put_piece(tokens, token, data, origin, piece, size, manner)
                hashes, ellipses, words = hashes + more_hashes, ellipses + more_ellipses, words + more_words
                characters += size
            position = text_stop = end
        all_lines = line - offsets[1, document] + skipped
        for field, count in enumerate((characters, newlines, hashes, ellipses, words, all_lines)):
            counts[field, document] = count
        count_kinds(tokens, first_token, token, counts, document)
        offsets[0, document + 1], offsets[1, document + 1] = token, line


@kernel(types.int64(reads(types.uint8), reads(types.int64), reads(types.int64)))
def count_possible_breaks(data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]) -> int:
    """Bytes in which a line's break may end: as many lines there are at most, but for the last of each document."""
    count = 0
    for document in range(len(starts)):
        for position in range(starts[document], stops[document]):
            byte = data[position]
            count += byte < 0x20 or byte == 0x85 or byte & 0xFE == 0xA8
    return count


@device
def end_of_break(data: NDArray[np.uint8], position: int, stop: int, length: int) -> tuple[int, int]:
    """Where the break ends that stands at `position`, and which it is; none, of length 0, at the document's end."""
    end = position + length
    if length == 0:
        return end, 0
    if data[position] == FEED:
        return end, LINE_FEED
    if data[position] == RETURN and end < stop and data[end] == FEED:
        return end + 1, RETURN_AND_FEED
    return end, OTHER_BREAK


@device
def follows_feeds(data: NDArray[np.uint8], position: int, origin: int) -> bool:
    """Whether two line feeds stand before it."""
    return position - origin >= 2 and data[position - 1] == FEED and data[position - 2] == FEED


@device
def end_of_feeds(data: NDArray[np.uint8], position: int, stop: int) -> tuple[int, int]:
    """Where a run of line feeds ends, and how many they are."""
    end = position
    while end < stop and data[end] == FEED:
        end += 1
    return end, end - position


@device
def end_of_marks(
    data: NDArray[np.uint8], position: int, stop: int, index: NDArray[np.uint16], pages: NDArray[np.int32]
) -> tuple[int, int]:
    """Where a run of marks ends, and how many they are."""
    size = 0
    while position < stop and data[position] >= 0x80:
        _, length, entry = entry_at(data, position, stop, index, pages)
        if not entry & MARK:
            break
        position, size = position + length, size + 1
    return position, size


@device
def put_plain_run(
    tokens: TokenArrays,
    count: int,
    data: NDArray[np.uint8],
    origin: int,
    start: int,
    stop: int,
    pages: NDArray[np.int32],
    manner: int,
) -> tuple[int, int]:
    """Write letters and digits of ASCII up to white space, and one symbol between them: most of most texts.

    Returns:
        How many tokens there are now, and the end of what was written, `start` if it is anything else.
    """
    # No further than a piece is long, or a long run would be read again from every piece of it on.
    end, hashed, has_letter = read_ascii_run(data, start, min(stop, start + MAX_PIECE))
    trailing = trails_alone(data, start, end, stop, pages, manner)
    if not trailing and not ends_here(data, end, stop, pages):
        return count, start
    tokens.hashes[count], tokens.kinds[count] = hashed, ALPHABETIC if has_letter else 0
    tokens.starts[count], tokens.stops[count] = start - origin, end - origin
    tokens.characters[count] = end - start
    count += 1
    if trailing:
        tokens.hashes[count], tokens.kinds[count] = hash_byte(data[end]), SYMBOL
        tokens.starts[count], tokens.stops[count] = end - origin, end + 1 - origin
        tokens.characters[count] = 1
        count, end = count + 1, end + 1
    return count, end


@device
def ends_here(data: NDArray[np.uint8], position: int, stop: int, pages: NDArray[np.int32]) -> bool:
    """Whether the document or, with white space of ASCII, the run ends there."""
    return position == stop or (data[position] < 0x80 and pages[data[position]] & (SPACE | LINE_BREAK) != 0)


@device
def trails_alone(
    data: NDArray[np.uint8], start: int, end: int, stop: int, pages: NDArray[np.int32], manner: int
) -> bool:
    """Whether one symbol of ASCII is peeled off the letters and digits of ASCII `data[start:end]`, and ends the run."""
    if end >= stop or data[end] >= 0x80:
        return False
    if data[end] == DOT:
        last = pages[data[end - 1]]
        peeled = end - start > 1 and last >> CASE_SHIFT == 0 and not (last & DIGIT and manner & ORDINALS)
    else:
        peeled = pages[data[end]] & TRAILS != 0 and data[end] != HASH
    return peeled and ends_here(data, end + 1, stop, pages)


@device
def decode_piece(
    data: NDArray[np.uint8],
    position: int,
    stop: int,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    piece: Piece,
    in_word: bool,
) -> tuple[int, int, int, int, int, bool]:
    """Decode what stands there before white space or a letter of a script without spaces.

    Returns:
        Where it ends; its characters; `#`, ellipses, and words that open in it; whether a word is open at its end.
    """
    size = hashes = ellipses = words = dots = 0
    while position < stop and size < MAX_PIECE:
        code, length, entry = entry_at(data, position, stop, index, pages)
        if entry & (SPACE | LINE_BREAK | UNSPACED):
            break
        piece.codes[size], piece.entries[size], piece.places[size] = code, entry, position
        hashes += code == HASH
        dots = dots + 1 if code == DOT else 0
        ellipses += code == ELLIPSIS_MARK or (dots > 0 and dots % 3 == 0)
        opens = entry & OPENS != 0
        words += opens and not in_word
        in_word = opens or (in_word and entry & MARK != 0)
        position, size = position + length, size + 1
    piece.entries[size], piece.places[size] = 0, position
    return position, size, hashes, ellipses, words, in_word


@device
def count_kinds(tokens: TokenArrays, first: int, stop: int, counts: NDArray[np.int64], document: int) -> None:
    """Fill what `counts` says of the tokens `first` to `stop`, from its seventh row on."""
    symbols = alphabetic = unspaced = plain_characters = 0
    for token in range(first, stop):
        kind = tokens.kinds[token]
        symbols += kind & SYMBOL != 0
        alphabetic += kind & ALPHABETIC != 0
        unspaced += kind & CHARACTER != 0
        plain_characters += 0 if kind & (SYMBOL | CHARACTER) else int(tokens.characters[token])
    plain = stop - first - symbols - unspaced
    for field, count in enumerate((stop - first, symbols, alphabetic, unspaced, plain, plain_characters)):
        counts[6 + field, document] = count
