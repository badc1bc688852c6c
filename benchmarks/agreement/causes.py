"""Why the two disagree, found by comparing tokens: (our filter, our reason, their reason) -> the cause.

Both claim the same rules, and all differences come from what a word is. datatrove takes the words of spaCy, whose
rules differ from language to language; ours are one set for all languages, nearest to spaCy's English.
"""

from collections.abc import Mapping

_HYPHENS = (
    "German, Spanish and Portuguese words with hyphens are one word in spaCy and several in ours (`-` is one, too)"
)
_ORDINALS = "German `1.` and `4.1.` are one word in spaCy, two in ours"
_PATHS = "spaCy's German rules split paths with digits (`shared/01/05.xhp`) at every slash"
_SYMBOLS = "symbols such as `🔎` and `▸` count as words in datatrove, whose list of punctuation lacks them"
_EMOTICONS = "`):`, `(=` and `:-)` are emoticons, one word, in spaCy"
_ENGLISH = "English exceptions of spaCy (`can|not`, `We|d`)"
_QUOTES = "code in one run of symbols (`+\"'\"+`) is split further by spaCy's Italian and Portuguese rules"

UNSPACED_NOTE = (
    "datatrove takes the words of SudachiPy (Japanese) and jieba (Chinese), which look them up in dictionaries; in",
    "headrace each letter is a word. So all counts of words differ, by design: documents of 25 to 50 words in a",
    "dictionary's sense are long enough here, words are one character long, and C4's lines, which must hold three",
    "words between spaces and end in a Western mark, are judged by the marks and letters of these scripts. Whether",
    "ours are counted right is tested against a slow reference (`tests/pipeline/kernels`).",
)

CAUSES: Mapping[tuple[str, str, str], str] = {
    ("gopher_quality", "alphabetic_words", "kept"): f"{_HYPHENS}; {_ORDINALS}; {_EMOTICONS}; {_ENGLISH}",
    ("gopher_quality", "kept", "gopher_below_alpha_threshold"): f"{_PATHS}; units are cut off numbers (`780|MB`)",
    ("gopher_quality", "number_of_words", "kept"): _SYMBOLS,
    ("gopher_quality", "kept", "gopher_short_doc"): _HYPHENS,
    ("gopher_repetition", "duplicate_5_grams", "kept"): f"{_HYPHENS}: more of them fill five",
    ("gopher_repetition", "kept", "duplicated_5_n_grams"): f"{_ORDINALS}; {_EMOTICONS}; {_QUOTES}",
    ("gopher_repetition", "kept", "duplicated_6_n_grams"): _QUOTES,
    ("gopher_repetition", "kept", "top_4_gram"): f"{_ORDINALS}; {_HYPHENS}",
    ("gopher_repetition", "top_4_gram", "kept"): "French words with hyphens (`sous-titres`) are one word in spaCy",
    ("gopher_repetition", "kept", "duplicated_9_n_grams"): "French words with hyphens are one word in spaCy",
    ("c4_quality", "kept", "too_few_sentences"): f"sentences end at words that are `.`: {_ORDINALS}",
    ("fineweb_quality", "newlines", "kept"): f"{_PATHS}, so that it counts more words to a line break",
    ("fineweb_quality", "kept", "list_ratio"): f"{_HYPHENS}: it counts fewer words to a line break",
}
