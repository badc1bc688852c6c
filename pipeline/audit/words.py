r"""The words of a text, by regular expressions.

The text without characters that Unicode ignores, in NFKC, case-folded, in NFKC again, each i without regard to its dot
(Turkish has both, and capitals lose the difference). A word is a run of letters and
digits, with marks behind its first; in scripts without spaces each letter with its marks is a word.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, lru_cache

_LAST = 0x40000
"""No letter or mark but variation selectors, which are ignored, lies above."""

_UNSPACED_NAMES = (
    "CJK ",
    "HALFWIDTH KATAKANA",
    "HENTAIGANA",
    "HIRAGANA",
    "IDEOGRAPHIC",
    "KATAKANA",
    "KHMER",
    "LAO ",
    "MASU",
    "MYANMAR",
    "THAI",
    "VERTICAL IDEOGRAPHIC",
    "VERTICAL KANA",
)

# Default_Ignorable_Code_Point.
_IGNORED = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_I = re.compile("[ıi]\u0307|ı")
_ASCII_WORD = re.compile("[0-9a-z]+")
_NO_SEPARATOR = re.compile("[0-9a-z\x80-\U0010ffff]+")
"""What holds no separator of ASCII; most such runs are a word of ASCII already."""


def words_of(text: str) -> list[str]:
    """The words of a text's normal form, in order."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    folded = unicodedata.normalize("NFKC", _IGNORED.sub("", text)).casefold()
    words: list[str] = []
    for run in _NO_SEPARATOR.findall(_I.sub("i", unicodedata.normalize("NFKC", folded))):
        if run.isascii():
            words.append(run)
        else:
            words += _words_of_run(run)
    return words


def is_unspaced(word: str) -> bool:
    """Whether a word is a letter of a script without spaces."""
    return word[0] > "\u0dff" and _unspaced().match(word) is not None


def characters(words: Iterable[str]) -> int:
    """Letters, digits and marks, a letter of a script without spaces counting for two."""
    return sum(len(word) + is_unspaced(word) for word in words)


@lru_cache(100_000)
def _words_of_run(run: str) -> tuple[str, ...]:
    return tuple(_word().findall(run))


@cache
def _word() -> re.Pattern[str]:
    marks = _ranges(lambda character: unicodedata.category(character).startswith("M"))
    unspaced = _unspaced_ranges()
    return re.compile(rf"[{unspaced}][{marks}]*|[^\W_{unspaced}](?:[0-9a-z]+|[^\W_{unspaced}]|[{marks}])*")


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(f"[{_unspaced_ranges()}]")


@cache
def _unspaced_ranges() -> str:
    return _ranges(
        lambda character: (
            unicodedata.category(character).startswith("L")
            and unicodedata.name(character, "").startswith(_UNSPACED_NAMES)
        )
    )


def _ranges(belongs: Callable[[str], bool]) -> str:
    """What stands between the brackets of a set of the characters that belong."""
    found, start = [], -1
    for code in range(0x80, _LAST + 1):
        inside = code < _LAST and belongs(chr(code))
        if inside and start < 0:
            start = code
        elif not inside and start >= 0:
            found.append(f"{chr(start)}-{chr(code - 1)}")
            start = -1
    return "".join(found)
