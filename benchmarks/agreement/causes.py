"""Why the two disagree, found by comparing tokens: (our filter, our reason, their reason) -> the cause.

Both claim the same rules, and all differences come from what a word is. datatrove takes the words of spaCy, whose
rules differ from language to language; ours are those that most of its languages share, and what is German, Spanish or
Portuguese is cut with the greatest of their differences where a filter is told the language, as here.
"""

from collections.abc import Mapping

_PREFIXES = "French words with hyphens (`sous-titres`, `pré-visualiser`) are one word in spaCy and three in ours"
_CAPITALS = "Italian names in capitals with hyphens (`DOCKER-USER`) are one word in spaCy"
_ABBREVIATIONS = "abbreviations that are in spaCy's lists keep their dot (`etc.`)"
_ORDINALS = "German `1.` and `4.1.` are one word in spaCy, two in ours"
_PATHS = "spaCy's German rules part slashes at the end (`main/`), and brackets between letters (`F)inish`)"
_UNITS = "units are cut off numbers (`780MB`)"
_SYMBOLS = "symbols such as `🔎` and `▸` count as words in datatrove, whose list of punctuation lacks them"
_EMOTICONS = "`):`, `[:`, `(=` and `:-)` are emoticons, one word, in spaCy"
_ENGLISH = "English exceptions of spaCy (`can not`, `We d`)"
_QUOTES = "code in one run of symbols (`+\"'\"+`) is split further by spaCy's Italian and Portuguese rules"

Kind = tuple[str, str, str]

UNSPACED_NOTE = (
    "datatrove takes the words of SudachiPy (Japanese) and jieba (Chinese), which look them up in dictionaries; in",
    "headrace each letter is a word, and the mean length of a word is not measured. So all counts of words differ, by",
    "design. Whether ours are counted right is tested against a slow reference (`tests/pipeline/kernels`).",
)

CAUSES: Mapping[Kind, str] = {
    ("gopher_quality", "alphabetic_words", "kept"): f"{_EMOTICONS}; {_ABBREVIATIONS}; {_PREFIXES}; {_ENGLISH}",
    ("gopher_quality", "kept", "gopher_below_alpha_threshold"): f"{_UNITS}; {_PATHS}",
    ("gopher_quality", "number_of_words", "kept"): _SYMBOLS,
    ("gopher_repetition", "duplicate_5_grams", "kept"): f"{_EMOTICONS}; {_PREFIXES}; {_CAPITALS}",
    ("gopher_repetition", "kept", "duplicated_5_n_grams"): f"{_EMOTICONS}; {_PATHS}; {_QUOTES}",
    ("gopher_repetition", "kept", "duplicated_6_n_grams"): _QUOTES,
    ("gopher_repetition", "duplicate_9_grams", "kept"): _EMOTICONS,
    ("gopher_repetition", "top_4_gram", "kept"): _PREFIXES,
    ("gopher_repetition", "kept", "duplicated_9_n_grams"): _PREFIXES,
    ("c4_quality", "kept", "too_few_sentences"): f"sentences end at words that are `.`: {_ORDINALS}",
    ("fineweb_quality", "kept", "list_ratio"): f"{_PREFIXES}: it counts fewer words to a line break",
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
