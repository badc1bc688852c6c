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
_ENGLISH = "English exceptions of spaCy (`can not`, `We d`)"
_QUOTES = "code in one run of symbols (`+\"'\"+`) is split further by spaCy's Italian and Portuguese rules"

Kind = tuple[str, str, str]

UNSPACED_NOTE = (
    "datatrove takes the words of SudachiPy (Japanese) and jieba (Chinese), which look them up in dictionaries; in",
    "headrace each letter is a word, and the mean length of a word is not measured. So all counts of words differ, by",
    "design. Whether ours are counted right is tested against a slow reference (`tests/pipeline/kernels`).",
)

CAUSES: Mapping[Kind, str] = {
    ("gopher_quality", "alphabetic_words", "kept"): f"{_HYPHENS}; {_ORDINALS}; {_EMOTICONS}; {_ENGLISH}",
    ("gopher_quality", "kept", "gopher_below_alpha_threshold"): f"{_PATHS}; units are cut off numbers (`780 MB`)",
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

_FEWER = "a word of the dictionaries has one to four letters, each of which is a word in ours"
_MARKS = (
    "its lines must end in a Western mark and hold three words between spaces; ours may end in `。` and count letters"
)

UNSPACED_CAUSES: Mapping[Kind, str] = {
    (
        "gopher_quality",
        "kept",
        "gopher_below_avg_threshold",
    ): "the bounds are for alphabets: Japanese words are shorter",
    ("gopher_quality", "kept", "gopher_above_avg_threshold"): "few Chinese words among long English ones and paths",
    ("gopher_quality", "kept", "gopher_below_alpha_threshold"): f"{_FEWER}: with them the share of letters grows",
    ("gopher_quality", "kept", "gopher_short_doc"): _FEWER,
    ("gopher_quality", "kept", "gopher_enough_stop_words"): "a stop word inside a longer word of the dictionary",
    ("gopher_quality", "kept", "gopher_too_many_hashes"): _FEWER,
    ("gopher_repetition", "duplicate_5_grams", "kept"): f"{_FEWER}: five letters come again more often than five words",
    ("gopher_repetition", "duplicate_10_grams", "kept"): f"{_FEWER}: ten letters come again more often than ten words",
    ("gopher_repetition", "top_4_gram", "kept"): _FEWER,
    ("gopher_repetition", "kept", "top_4_gram"): "code and tables: symbols are split differently",
    ("gopher_repetition", "kept", "duplicated_5_n_grams"): "a repeated passage of fewer letters than five words have",
    ("c4_quality", "kept", "too_few_sentences"): _MARKS,
    ("c4_quality", "curly_bracket", "kept"): f"the line with `{{` is one only in ours: {_MARKS}",
    ("fineweb_quality", "kept", "list_ratio"): _FEWER,
}
