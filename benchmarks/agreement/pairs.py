"""Which filters stand against each other. Only the standard library: the peer's environment imports this, too."""

from collections.abc import Mapping
from dataclasses import dataclass, field

PEER = "datatrove"
"""The environment of the other side, see `benchmarks/peers`."""


@dataclass(frozen=True)
class Pair:
    """Two filters that claim the same rules.

    Args:
        ours: As in a recipe.
        theirs: datatrove's class.
        measures: Which of our measures each of their reasons is about.
        stop_words: Both take a list of stop words.
        language: Both are told the language: what they measure depends on its tokens.
    """

    ours: str
    theirs: str
    measures: Mapping[str, str] = field(default_factory=dict)
    stop_words: bool = False
    language: bool = True


PAIRS = (
    Pair(
        "gopher_quality",
        "GopherQualityFilter",
        measures={
            "gopher_short_doc": "words",
            "gopher_long_doc": "words",
            "gopher_below_avg_threshold": "mean_word_length",
            "gopher_above_avg_threshold": "mean_word_length",
            "gopher_too_many_hashes": "hash_ratio",
            "gopher_too_many_ellipsis": "ellipsis_ratio",
            "gopher_too_many_bullets": "bullet_lines",
            "gopher_too_many_end_ellipsis": "ellipsis_lines",
            "gopher_below_alpha_threshold": "alphabetic_words",
            "gopher_enough_stop_words": "stop_words",
        },
        stop_words=True,
    ),
    Pair(
        "gopher_repetition",
        "GopherRepetitionFilter",
        measures={
            "dup_para_frac": "duplicate_paragraphs",
            "dup_para_char_frac": "duplicate_paragraph_characters",
            "dup_line_frac": "duplicate_lines",
            "dup_line_char_frac": "duplicate_line_characters",
            **{f"top_{n}_gram": f"top_{n}_gram" for n in range(2, 5)},
            **{f"duplicated_{n}_n_grams": f"duplicate_{n}_grams" for n in range(5, 11)},
        },
    ),
    Pair(
        "c4_quality",
        "C4QualityFilter",
        language=False,
        measures={
            "too_few_sentences": "sentences",
            "curly_bracket": "curly_bracket_lines",
            "lorem_ipsum": "lorem_ipsum_lines",
        },
    ),
    Pair(
        "fineweb_quality",
        "FineWebQualityFilter",
        measures={
            "line_punct_ratio": "ended_lines",
            "short_line_ratio": "short_lines",
            "char_dup_ratio": "duplicate_line_characters",
            "list_ratio": "newlines",
        },
    ),
)
