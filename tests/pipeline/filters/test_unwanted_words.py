"""Listed words and phrases against the obvious search over lists of words."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters._lists import Entries
from headrace.pipeline.filters.base import Record
from headrace.pipeline.filters.unwanted_words import UnwantedWords
from headrace.pipeline.kernels.word_hashes import word_hashes
from headrace.shards.base.errors import InputError


def hits(plugin, *texts, language=None):
    meta = {} if language is None else {"language": language}
    found = plugin.measure(batch_of([Record(None, meta, text=text) for text in texts], "text"))
    return found.values["hits"].tolist()


def listed(*entries):
    return UnwantedWords(words=Entries(entries))


def test_words_are_whole_and_of_any_case():
    assert hits(listed("Mill"), "The MILL, the mill's; mill-wheel", "miller sawmill mill_", "") == [3, 1, 0]
    assert hits(listed("ÄRGER"), "viel Ärger, ärgerlich") == [1]


def test_a_phrase_is_found_whatever_stands_between_its_words():
    assert hits(listed("water mill"), "water mill, Water-Mill; water\nmill", "watermill, water the mill") == [3, 0]


def test_scripts_without_spaces_are_searched_inside_runs():
    assert hits(listed("水車", "น้ำ"), "この水車は水で回る水車だ。", "水 車", "กังหันน้ำ") == [2, 1, 1]


def test_the_longest_entry_counts_once():
    assert hits(listed("a", "a b", "a b c", "b"), "a b c", "a b d b", "a c b") == [1, 2, 2]


def test_lists_by_language():
    plugin = UnwantedWords(words=Entries(("x",)), languages={"de": Entries(("gift",)), "en": Entries(("poison",))})
    text = "x gift poison poison"
    assert [hits(plugin, text, language=language) for language in ("de", "en", "fr", None, 7)] == [
        *([2.0], [3.0], [1.0], [1.0], [1.0])
    ]
    assert hits(UnwantedWords(languages={"de": Entries(("gift",))}), text, language="de") == [1]
    other = UnwantedWords(languages=plugin.languages, language_field="lang")
    assert hits(other, text, language="de") == [0]


def test_bounds_and_evidence(texts, reasons):
    words = Entries(("mill", "mill wheel"))
    batch = texts("the mill wheel turns", "the wheel", "mill " + "stone " * 9)
    assert reasons(UnwantedWords(words), batch) == ["unwanted_words", None, "unwanted_words"]
    assert reasons(UnwantedWords(words, max_hits=1, max_share=0.2), batch) == ["share_of_unwanted_words", None, None]
    found = UnwantedWords(words).measure(batch)
    assert found.values["share"].tolist() == [0.5, 0, 0.1]
    assert found.evidence == [{"found": "mill wheel"}, None, {"found": "mill"}]
    assert UnwantedWords(words).bounds == {"max_hits", "max_share"}


def test_a_list_is_a_file_and_a_line_without_a_word_is_told(tmp_path):
    file = tmp_path / "de.txt"
    file.write_text("# Wörter\nMühle\n\nwater mill\n", encoding="utf-8")
    plugin = UnwantedWords(languages={"de": Entries(files=(file,))})
    assert plugin.files() == (str(file),)
    assert hits(plugin, "die Mühle, a water mill", language="de") == [2]
    file.write_text("Mühle\n***\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"de\.txt, line 2.*Found: '\*\*\*'\. Expected: a word or a phrase"):
        UnwantedWords(words=Entries(files=(file,)))
    with pytest.warns(UserWarning, match="line 2"):
        assert hits(UnwantedWords(words=Entries(files=(file,)), skip_invalid_lines=True), "Mühle") == [1]


def words_of(text):
    found = word_hashes(pa.array([text], pa.large_string()))
    return [text.encode()[start:stop].decode().lower() for start, stop in zip(found.starts, found.stops, strict=True)]


def slow_hits(entries, text):
    phrases, words = sorted(map(words_of, entries), key=len, reverse=True), words_of(text)
    count = place = 0
    while place < len(words):
        found = next((phrase for phrase in phrases if words[place : place + len(phrase)] == phrase), None)
        count += found is not None
        place += len(found) if found else 1
    return count


PIECES = st.lists(st.sampled_from(["a", "A b", "b", "c", " ", "-", "水", "車", "ß", "1"]), min_size=1, max_size=12)
ENTRIES = st.lists(PIECES.map("".join).filter(lambda text: any(map(str.isalnum, text))), max_size=5)


@given(entries=ENTRIES, texts=st.lists(PIECES.map("".join), min_size=1, max_size=4))
def test_hits_are_those_of_the_obvious_search(entries, texts):
    assert hits(listed(*entries), *texts) == [slow_hits(entries, text) for text in texts]
