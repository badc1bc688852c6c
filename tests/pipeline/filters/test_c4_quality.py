"""C4's rules against datatrove's loop over lines, rewritten with Python's own methods of strings."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters.base import Record
from headrace.pipeline.filters.c4_quality import POLICY_PHRASES, C4Quality

CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
CAUSES = ("long_word", "no_end", "few_words", "javascript", "policy")


def slow_sentences(line):
    """Words, runs of dots and single symbols as tokens: enough for the pieces below."""
    tokens = re.findall(r"\w+|\.+|[^\w\s]", line)
    count, ended = 1, False
    for token in tokens:
        if token in (".", "?", "!"):
            ended = True
        elif ended and token.isalnum():
            count, ended = count + 1, False
    return count


def slow_line(line, min_words=3, max_length=20):
    """A line as it is kept, or the cause of its removal; and what is counted in it."""
    line = line.strip()
    words = line.split()
    if any(len(word) > max_length for word in words):
        return "long_word", ()
    line = CITATION.sub("", line)
    if not line.endswith((".", "?", "!", '"', "'")) or line.endswith("..."):
        return "no_end", ()
    if len(words) < min_words:
        return "few_words", ()
    found = ["lorem"] if "lorem ipsum" in line.lower() else []
    if "javascript" in line.lower():
        return "javascript", found
    found += ["curly"] if "{" in line else []
    if any(phrase in line.lower() for phrase in POLICY_PHRASES):
        return "policy", found
    return line, [*found, *["sentence"] * slow_sentences(line)]


def slow(text):
    results = [slow_line(line) for line in text.splitlines()]
    kept = [line for line, _ in results if line not in CAUSES]
    found = [each for _, all_found in results for each in all_found]
    counts = {
        "sentences": found.count("sentence"),
        "lorem_ipsum_lines": found.count("lorem"),
        "curly_bracket_lines": found.count("curly"),
        "lines_left": len(kept),
    }
    causes = [line for line, _ in results]
    return "\n".join(kept).strip(), counts, {cause: causes.count(cause) for cause in CAUSES if cause in causes}


PIECES = st.sampled_from(
    [
        *(
            "The ",
            "mill ",
            "wheel ",
            "turns",
            ". ",
            ".\n",
            "? ",
            "!\r\n",
            "...\n",
            ', "',
            "'\n",
            "\n",
            "\u2028",
            " ",
            "  ",
        ),
        *(
            "[1]",
            "[]",
            "[23] ",
            "[edit]",
            "[citation needed]",
            "[x]",
            "[",
            "Lorem IPSUM ",
            "JavaScript ",
            "\t",
            "\u3000",
        ),
        *(
            "{",
            "} ",
            "Terms of Use ",
            "privacy Policy",
            "we use cookies ",
            "cookie",
            "x" * 21 + " ",
            "é ",
            "ß",
            "\u3000",
        ),
    ]
)
TEXTS = st.lists(st.lists(PIECES, max_size=40).map("".join), max_size=4)


def measured(texts, **parameters):
    parameters = {"max_word_length": 20, "other_scripts": False, **parameters}
    return C4Quality(**parameters).measure(batch_of([Record(None, {}, text=text) for text in texts], "text"))


@given(texts=TEXTS)
@example(["The mill turns[1].\n[1] The mill turns.", "a b c..[1].", "a b c] .\x0ca b c.", " a b c. ", "a b c.\r"])
def test_lines_and_counts_are_those_of_the_obvious_loop(texts):
    found = measured(texts)
    edited = texts if found.edited is None else found.edited.to_pylist()
    for row, text in enumerate(texts):
        left, counts, causes = slow(text)
        assert edited[row] == left
        assert {name: values[row] for name, values in found.values.items()} == counts
        edit = found.edits[row]
        assert (edit is None) == (left == text)
        if edit is not None:
            assert edit["bytes"] == len(left.encode()) - len(text.encode())
            assert {cause: edit[cause] for cause in CAUSES if cause in edit} == causes


SENTENCE = "The river feeds the mill. "


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("The mill turns.", 1),
        ("It turns. It stands.", 2),
        ("It turns! Does it? Yes.", 3),
        ('He said: "It turns." She left.', 2),
        ("It weighs 3.5 kg in J. Smith's mill.", 1),
        ("It turns ... and stands.", 1),
        ("It turns.[1] It stands.[2][3] Then it rests.", 3),
        ("It costs more. $ 5 is too much.", 2),
        ("水が流れる。水車が回る。", 2),
        ("水が流れる。[1]水車が回る。", 2),
    ],
)
def test_sentences_end_behind_a_mark_that_is_a_token(line, sentences):
    assert measured([line], other_scripts=True).values["sentences"].tolist() == [sentences]


def test_bounds_decide_and_shape_no_measure(texts, reasons):
    batch = texts(SENTENCE * 4, SENTENCE * 4 + "Lorem ipsum dolor sit amet.", "A brace { stands here.\n" + SENTENCE * 5)
    assert reasons(C4Quality(), batch) == ["too_few_sentences", "lorem_ipsum", "curly_bracket"]
    lenient = C4Quality(min_sentences=4, max_lorem_ipsum_lines=1, max_curly_bracket_lines=float("inf"))
    assert reasons(lenient, batch) == [None, None, None]
    assert lenient.bounds == {"min_sentences", "max_lorem_ipsum_lines", "max_curly_bracket_lines"}
    first, second = C4Quality().measure(batch), lenient.measure(batch)
    assert all((first.values[name] == second.values[name]).all() for name in first.values)


def test_what_other_scripts_gain(texts):
    japanese, hindi, dialogue = "川の水が水車を回している。", "नदी का पानी चक्की को घुमाता है।", "「水車が回る。」"
    long = "川" * 1500 + "。"
    batch = texts(*(line + "\n" for line in (japanese, hindi, dialogue, long)))
    assert C4Quality().measure(batch).values["lines_left"].tolist() == [1, 1, 1, 1]
    assert C4Quality(other_scripts=False).measure(batch).values["lines_left"].tolist() == [0, 0, 0, 0]
    english = texts("It does.\n", "x" * 1001 + " is too long.\n", "水車。\n", "水。\n")
    assert C4Quality().measure(english).values["lines_left"].tolist() == [0, 0, 0, 0]


def test_citations_and_phrases_are_parameters(texts):
    batch = texts("The mill[1] turns.\nWe like the beer here.")
    kept = C4Quality(remove_citations=False, policy_phrases=("THE BEER",)).measure(batch)
    assert kept.edited.to_pylist() == ["The mill[1] turns."]
    assert kept.edits == [{"bytes": -23, "policy": 1}]


def test_nothing_is_edited_where_nothing_is_removed(texts):
    found = C4Quality().measure(texts("The mill turns.\nIt stands still.", ""))
    assert found.edited is None
    assert found.edits == [None, None]
