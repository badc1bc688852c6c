"""Tokens, lines and counts against their definitions, read out with Python's own strings."""

import re
import unicodedata

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.pipeline.kernels.lines import (
    BLANK,
    BULLET,
    ELLIPSIS,
    ENDS_IN_SPACE,
    ENDS_SENTENCE,
    LINE_FEED,
    OTHER_BREAK,
    RETURN_AND_FEED,
)
from headrace.pipeline.kernels.segments import segment, segment_in
from headrace.pipeline.kernels.tokens import ALPHABETIC, CHARACTER, SYMBOL
from headrace.pipeline.kernels.unicode_ranges import SENTENCE_TERMINAL_RANGES, UNSPACED_RANGES
from headrace.pipeline.kernels.unicode_tables import BULLETS
from headrace.pipeline.kernels.word_hashes import word_hashes

PIECES = (
    *("the", "Be", "TO ", "b", "é", "É", "7", "漢", "ก\u0e31", "\u0301", " ", "\t", "\x1f", "\u3000", "\0", "ordinary"),
    *("\n", "\r", "\r\n", "\x85", "\u2028", "\v", "\x1c", "supercalifragilistic", "Ж", "ж", "½", "٣", "U.S.", "ﬁ"),
    *(".", "..", "...", "…", "#", "-", "--", "—", "–", "•", "*", "!", "\ufeff", "'s", "’S", "'", "’", '"', "。", "😀"),
    *(",", ":", "<", "=", ">", "/", "~", "+", "^", "$", "%", "_", "(", ")", "@", "\\", "|", "[", "}", "&", "©", "§"),
    *("www.a.bc", "://", "x@", ":8", "?q", "n't", "'ll", "’re", "l'", "qu’", "dell'", "e.g.", "¶", "h", "Un"),
)
tricky = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
texts = tricky | st.text(max_size=30)


def is_unspaced(c):
    return unicodedata.category(c)[0] == "L" and any(a <= ord(c) <= b for a, b in UNSPACED_RANGES)


def is_alphabetic(c):
    return unicodedata.category(c)[0] == "L"


def is_number(c):
    return unicodedata.category(c)[0] == "N"


def is_mark(c):
    return unicodedata.category(c)[0] == "M"


def leads(c):
    if c < "\x80":
        return c in "!\"#$%&'()*,:;<=>?[]_`{}"
    return c not in "¶†‡•‣" and unicodedata.category(c) in ("Ps", "Pe", "Pi", "Pf", "Po", "Pd", "Sc", "So")


def trails(c):
    return leads(c) and c not in "="


def is_lower(c):
    return is_alphabetic(c) and c.lower()[0] == c


def is_upper(c):
    return is_alphabetic(c) and not is_lower(c)


def units(text):
    """Characters, but dots that stand together as one."""
    return re.findall(r"\.+|[^.]", text, re.DOTALL)


def is_letter_like(c):
    return is_alphabetic(c) or is_number(c) or is_mark(c)


def dot_is_peeled(before, language):
    if not before:
        return False
    last, past = before[-1], before[-2:-1] or "\0"
    if is_upper(last):
        return is_upper(past)
    if is_lower(last):
        return is_letter_like(past)
    return (is_number(last) and language != "de") or is_mark(last) or trails(last) or last == "."


HYPHENATED = ("de", "es", "pt")


def parts(symbol, past, before, behind, language):
    if unicodedata.category(symbol[0]) == "So":
        return True
    if symbol[0] == ".":
        small = is_lower(before) and (is_alphabetic(past) or is_number(past))
        return len(symbol) > 1 or (small and is_upper(behind))
    letter, number = is_alphabetic(before), is_number(before)
    if symbol == "/" and language == "de":
        return (letter or number) and (is_alphabetic(behind) or is_number(behind))
    hyphen = symbol[0] in "-–—~" and (language not in HYPHENATED or len(symbol) > 1)
    return (
        ((hyphen or symbol == ",") and letter and is_alphabetic(behind))
        or (symbol in ":<>=/" and (letter or number) and is_alphabetic(behind))
        or (symbol in ("+*^" if language in ("es", "pt") else "+-*^") and number and is_number(behind))
    )


CONSONANTS = set("bcdfgjklmnpqrstvwxzBCDFGJKLMNPQRSTVWXZ")


def ends_article(core, place):
    queue = core[max(place - 2, 0) : place] in ("qu", "Qu", "qU", "QU")
    vowel = is_alphabetic(core[place + 1 : place + 2] or "\0") and core[place + 1] not in CONSONANTS
    return core[place] in "'’" and (queue or core[place - 1] in CONSONANTS) and vowel


def is_address(core):
    """A host, maybe behind schemes and users, maybe before a port or a path."""
    classes = ""
    for c in core:
        kept = c in "-_.@:/?#"
        classes += c if kept else "s" if is_lower(c) else "d" if is_number(c) else "L" if is_alphabetic(c) else "!"
    label = "[sLd_-]"
    before, behind = rf"(?:(?:{label}+\.)*{label}*(?:@|://))*", r"(?:[/?#].*|:(?=d).*)?"
    return bool(re.fullmatch(rf"{before}(?:{label}+\.)+s{{2,}}{behind}", classes))


def core_tokens(core, language):
    if is_address(core):
        return [core]
    tokens, at = [], 0
    while at < len(core):
        end, run = at + 1, ""
        while end < len(core):
            run = re.match(r"\.+|-+|—+|.", core[end:], re.DOTALL)[0]
            past, before = ["\0", core[at], *(c for c in core[at + 1 : end] if not is_mark(c))][-2:]
            behind = core[end + len(run) : end + len(run) + 1] or "\0"
            is_symbol = len(run) > 1 or not is_letter_like(run)
            if is_symbol and parts(run, past, before, behind, language):
                break
            end += len(run)
            if is_symbol and ends_article(core, end - len(run)):
                run = ""
                break
        tokens.append(core[at:end])
        at = end
        if at < len(core) and run and not is_letter_like(run[0]):
            tokens.append(run)
            at += len(run)
    return tokens


def piece_tokens(piece, language):
    front, back = [], []
    left = units(piece)
    while left and (len(left[0]) > 1 or leads(left[0])):
        front.append(left.pop(0))
    while left:
        if left[-1][0] == ".":
            if len(left[-1]) == 1 and not dot_is_peeled("".join(left[:-1]), language):
                break
        elif not trails(left[-1]):
            break
        back.insert(0, left.pop())
    core = "".join(left)
    clitic = re.search(r"(?<=.)(?:['’](?:[sSmd]|re|ve|ll)|n['’]t)\Z", core, re.DOTALL)
    if clitic:
        return [*front, *core_tokens(core[: clitic.start()], language), clitic[0], *back]
    return [*front, *core_tokens(core, language), *back]


def reference_tokens(text, language=""):
    """The definition of a token, read out string by string."""
    tokens = []
    for run in text.split():
        piece, characters = "", list(run)
        while characters:
            character = characters.pop(0)
            if not is_unspaced(character):
                piece += character
                continue
            tokens += piece_tokens(piece, language)
            piece = ""
            while characters and is_mark(characters[0]):
                character += characters.pop(0)
            tokens.append(character)
        tokens += piece_tokens(piece, language)
    return tokens


def kind_of(token):
    if any(is_unspaced(c) for c in token):
        return ALPHABETIC | CHARACTER
    if any(is_alphabetic(c) for c in token):
        return ALPHABETIC
    return 0 if any(is_number(c) for c in token) else SYMBOL


def spans(found, texts):
    """The strings that two arrays of positions cut from each text."""
    starts, stops = found.starts.tolist(), found.stops.tolist()
    cut = []
    for text, first, last in zip(texts, found.offsets.tolist(), found.offsets[1:].tolist(), strict=False):
        data = text.encode()
        cut.append([data[starts[i] : stops[i]].decode() for i in range(first, last)])
    return cut


def cut(texts, language=""):
    return segment_in(language)(pa.array(texts, pa.large_string()))


@given(st.lists(texts, max_size=4), st.sampled_from(["", "de", "es", "pt"]))
@example(["Mill-Rad, 3-4 1. 12.", "1./2 a/1 1/a a--b x-–y", "12.)", "ab1. 1.a"], "de")
@example(["Mill-Rad, 3-4 1+2 1.", "a--b 1--2"], "es")
@example(
    [
        "",
        "don't",
        "x's",
        "'s",
        "a's.",
        "A.B.",
        "AB.",
        "a--b",
        "a-—b",
        "1-2-3",
        "5%",
        "...a",
        "..",
        ".",
        "a..b",
        "a.b-c.org:8/x-y",
        "a-b@c",
        "x://y-z.de",
    ],
    "",
)
@example(
    ["a\u0301.", "a\u0301-b", "(\u0301", "x😀😀y", "日本、『語』です。", "abc日.", "eight888", "seven77.", "a" * 100],
    "de",
)
def test_tokens_are_those_of_the_definition(texts, language):
    found = cut(texts, language).tokens
    expected = [reference_tokens(text, language) for text in texts]
    assert spans(found, texts) == expected
    flat = [token for tokens in expected for token in tokens]
    assert found.characters.tolist() == list(map(len, flat))
    assert found.kinds.tolist() == list(map(kind_of, flat))


@given(st.lists(texts, max_size=4))
def test_equal_tokens_have_equal_hashes_and_others_do_not(texts):
    found = cut(texts).tokens
    flat = [token for tokens in spans(found, texts) for token in tokens]
    assert len(set(found.hashes.tolist())) == len(set(flat)) == len(set(zip(found.hashes.tolist(), flat, strict=True)))


def stored_lines(text):
    """The numbers of the lines of `str.splitlines`, but for those that an empty one before them stands for."""
    lines = text.splitlines(keepends=True)
    behind = ["", *("".join(lines[:row]) for row in range(1, len(lines)))]
    return [row for row, line in enumerate(lines) if line != "\n" or not behind[row].endswith("\n\n\n")]


def slow_line(line, ending):
    kind = {"": 0, "\n": LINE_FEED, "\r\n": RETURN_AND_FEED}.get(ending, OTHER_BREAK)
    text = line.strip()
    kind |= (not text) * BLANK | line.lstrip().startswith(tuple(BULLETS)) * BULLET
    kind |= text.endswith(("...", "…")) * ELLIPSIS | (line.rstrip() != line) * ENDS_IN_SPACE
    kind |= bool(text and any(a <= ord(text[-1]) <= b for a, b in SENTENCE_TERMINAL_RANGES)) * ENDS_SENTENCE
    runs = line.split()
    return {
        "kinds": kind,
        "characters": len(line),
        "runs": len(runs),
        "longest_run": max(map(len, runs), default=0),
        "last": ord(text[-1]) if text else 0,
    }


@given(st.lists(texts, max_size=4))
@example(["a...\r\n- b\r\r\n…", "", "\n", "...", "a b\n \n#", " \x1f", "x \u2028"])
@example(["\n\n\n\n", "\n\n\n", "\n\n\na\n\n\n\n\r\n\n\n\n", "a\v\n\n\n\n \n\n\n\n"])
def test_lines_are_those_of_splitlines(texts):
    lines = cut(texts).lines
    cut_lines = [[text.splitlines()[row] for row in stored_lines(text)] for text in texts]
    assert spans(lines, texts) == cut_lines
    expected = [
        slow_line(line, text.splitlines(keepends=True)[row][len(line) :])
        for text, kept in zip(texts, cut_lines, strict=True)
        for line, row in zip(kept, stored_lines(text), strict=True)
    ]
    for name in ("kinds", "characters", "runs", "longest_run", "last"):
        assert getattr(lines, name).tolist() == [line[name] for line in expected], name
    bodies = [line.strip() for lines in cut_lines for line in lines]
    ends = [text.encode() for text in texts for _ in stored_lines(text)]
    spans_of_text = zip(ends, lines.text_starts.tolist(), lines.text_stops.tolist(), strict=True)
    assert [data[start:stop].decode() for data, start, stop in spans_of_text] == bodies
    before = [
        len(reference_tokens("".join(text.splitlines(keepends=True)[:row])))
        for text in texts
        for row in stored_lines(text)
    ]
    assert lines.tokens.tolist() == before
    flat = [line for lines in cut_lines for line in lines]
    assert len(set(zip(lines.hashes.tolist(), flat, strict=True))) == len(set(flat))


def slow_counts(text):
    tokens = reference_tokens(text)
    kinds = list(map(kind_of, tokens))
    plain = [token for token, kind in zip(tokens, kinds, strict=True) if kind in (0, ALPHABETIC)]
    return {
        "characters": len(text),
        "newlines": text.count("\n"),
        "hashes": text.count("#"),
        "ellipses": sum(len(dots) // 3 for dots in re.findall(r"\.+", text)) + text.count("…"),
        "words": len(word_hashes(pa.array([text], pa.large_string())).hashes),
        "lines": len(text.splitlines()),
        "tokens": len(tokens),
        "symbols": kinds.count(SYMBOL),
        "alphabetic": sum(kind & ALPHABETIC != 0 for kind in kinds),
        "unspaced": sum(kind & CHARACTER != 0 for kind in kinds),
        "plain": len(plain),
        "plain_characters": sum(map(len, plain)),
    }


@given(st.lists(texts, max_size=4))
def test_counts_are_those_of_string_methods(texts):
    counts = vars(cut(texts).counts)
    found = [{name: int(values[row]) for name, values in counts.items()} for row in range(len(texts))]
    assert found == [slow_counts(text) for text in texts]


@given(st.lists(st.binary(max_size=40), max_size=4))
@example([b"\xff\xfe ab\xc3", b"\xe3\x81", b"\xe3\x81\x82\xe3", b"\0\n\xf0\x9f"])
def test_each_byte_that_is_not_valid_is_a_symbol(some):
    found = segment(pa.array(some, pa.large_binary()))
    expected = cut([replaced(data) for data in some])
    assert vars(found.counts).keys() == vars(expected.counts).keys()
    for name, values in vars(found.counts).items():
        assert values.tolist() == getattr(expected.counts, name).tolist(), name
    assert found.lines.kinds.tolist() == expected.lines.kinds.tolist()


def replaced(data):
    """Decode as RFC 3629 says, with U+FFFD for every byte that opens no valid sequence."""
    text = ""
    while data:
        for length in (1, 2, 3, 4):
            try:
                text += data[:length].decode()
            except UnicodeDecodeError:
                continue
            data = data[length:]
            break
        else:
            text += "\ufffd"
            data = data[1:]
    return text
