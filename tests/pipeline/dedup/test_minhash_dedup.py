"""Fuzzy dedup against slow references: sets of words, all pairs."""

import json
import random
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.pipeline.dedup.minhash.index import open_lsh
from headrace.pipeline.dedup.minhash_dedup import MinhashDedup
from headrace.pipeline.engine import exchange
from headrace.pipeline.kernels.datasketch_bridge import to_datasketch
from headrace.pipeline.kernels.minhash import band_hashes, signatures
from headrace.pipeline.population import Population
from headrace.shards.base.errors import InputError, RecipeError

STAGE = MinhashDedup(similarity=0.7, ngram=2)


def shingle_set(text, n):
    words = text.split()
    return {tuple(words[start : start + n]) for start in range(max(1, len(words) - n + 1))} if words else set()


def jaccard(a, b):
    return len(a & b) / len(a | b) if a | b else 0.0


def corpus(seed, documents=300):
    """Texts of which many are edits of earlier ones, some of edits of edits, and some equal."""
    draw, texts = random.Random(seed), []
    for _ in range(documents):
        if texts and draw.random() < 0.6:
            words = draw.choice(texts).split()
            for _ in range(draw.choice([0, 1, 1, 2, 3, 6])):
                words[draw.randrange(len(words))] = f"w{draw.randrange(300)}"
        else:
            words = [f"w{draw.randrange(300)}" for _ in range(draw.randint(15, 60))]
        texts.append(" ".join(words))
    return texts


def reference(stage, texts):
    """Record by record, against every earlier survivor that shares a band: the most similar names the drop."""
    scheme = stage.scheme
    column = pa.array(texts, pa.large_string())
    signed = signatures(column, scheme.permutations, scheme.ngram, scheme.seed, scheme.characters)
    bands = [set(row) for row in band_hashes(signed, scheme.bands, scheme.rows).tolist()]
    sets = [shingle_set(text, scheme.ngram) for text in texts]
    survivors, dropped = [], {}
    for number, text in enumerate(texts):
        found = [(jaccard(sets[number], sets[each]), -each) for each in survivors if bands[each] & bands[number]]
        best, place = max(found, default=(0.0, 0))
        if text.split() and best >= stage.similarity:
            dropped[number] = (-place, pytest.approx(best))
        else:
            survivors.append(number)
    return dropped


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("stage", [STAGE, MinhashDedup(similarity=0.9, ngram=1), MinhashDedup(similarity=0.5, ngram=3)])
def test_every_decision_is_that_of_the_slow_reference(deduplicate, stage, seed):
    texts = corpus(seed)
    found = deduplicate(stage, texts, [40, 200])
    assert found.dropped == reference(stage, texts)
    assert len(found.dropped) > 30


def test_nobody_is_dropped_for_one_that_is_not_similar_enough_or_does_not_stay(deduplicate):
    texts = corpus(3)
    found = deduplicate(STAGE, texts, [100])
    for number, (survivor, similarity) in found.dropped.items():
        exact = jaccard(shingle_set(texts[number], 2), shingle_set(texts[survivor], 2))
        assert similarity == pytest.approx(exact)
        assert exact >= STAGE.similarity
        assert survivor < number
        assert survivor not in found.dropped


def test_few_duplicates_are_missed(deduplicate):
    texts = corpus(4, 500)
    dropped = deduplicate(STAGE, texts).dropped
    sets = [shingle_set(text, 2) for text in texts]
    alive = [number for number in range(len(texts)) if number not in dropped]
    kept_pairs = [(a, b) for i, a in enumerate(alive) for b in alive[i + 1 :] if jaccard(sets[a], sets[b]) >= 0.75]
    # Of pairs with a similarity of 0.75, the scheme finds 98 in a hundred; more where it is higher.
    assert len(kept_pairs) <= 0.05 * len(dropped)
    assert not [pair for pair in kept_pairs if jaccard(sets[pair[0]], sets[pair[1]]) > 0.95]


def test_a_chain_does_not_drop_its_end_for_its_beginning(deduplicate):
    stage = MinhashDedup(similarity=0.8, ngram=1)
    texts = []
    for chain in range(20):
        words = [f"chain{chain}word{number}" for number in range(120)]
        # Neighbours share 92 of 108 words, 0.85; the ends 84 of 116, 0.72.
        texts += [" ".join(words[start : start + 100]) for start in (0, 8, 16)]
    dropped = deduplicate(stage, texts).dropped
    links = [(number % 3, survivor % 3) for number, (survivor, _) in dropped.items()]
    assert all(number // 3 == survivor // 3 for number, (survivor, _) in dropped.items())
    assert set(links) <= {(1, 0), (2, 1)}
    assert links.count((1, 0)) > 15
    # The end stays wherever the middle was dropped.
    assert not {number for number in dropped if number % 3 == 2 and number - 1 in dropped}


def test_a_thousand_identical_pages_cost_a_thousand_comparisons(deduplicate):
    texts = ["the river that feeds the mill has to be kept clear of weeds"] * 1000
    found = deduplicate(STAGE, texts, [500])
    assert found.dropped == dict.fromkeys(range(1, 1000), (0, 1.0))
    assert sum(done.stats["comparisons"] for done in found.results["near.verify"].done) == 999


@given(
    st.lists(st.lists(st.sampled_from("abcdef"), max_size=6).map(" ".join), max_size=12),
    st.lists(st.integers(0, 12), max_size=3),
)
@settings(max_examples=25)
def test_short_texts_of_few_words(deduplicate, texts, cuts):
    stage = MinhashDedup(similarity=0.6, ngram=2, permutations=32)
    assert deduplicate(stage, texts, cuts).dropped == reference(stage, texts)


def test_texts_without_words_are_like_no_other(deduplicate):
    assert deduplicate(STAGE, ["", "", "...", "...", "a b c", "a b c", "!"]).dropped == {5: (4, 1.0)}


@pytest.mark.parametrize(
    ("cuts", "partitions", "groups", "files"),
    [([7, 8, 150], 1, 1, 512), ([], 23, 90, 512), ([50, 100, 150, 151], 5, 9, 2)],
)
def test_splits_partitions_groups_and_merging_change_nothing(deduplicate, monkeypatch, cuts, partitions, groups, files):
    texts = corpus(5, 200)
    monkeypatch.setattr(exchange, "MAX_FILES", files)
    monkeypatch.setattr(exchange, "PARTITION_BYTES", -(-16 * STAGE.scheme.bands * 200 // partitions))
    found = deduplicate(STAGE, texts, cuts, groups << 30)
    assert found.dropped == reference(STAGE, texts)
    assert len(found.results["near.pair"].done) == partitions
    assert len(found.results["near.verify"].done) == groups


def test_the_dead_take_no_part(deduplicate):
    texts = ["one two three four five six"] * 4
    assert deduplicate(STAGE, texts, [2], dead=[0, 2]).dropped == {3: (1, 1.0)}
    assert deduplicate(STAGE, texts, dead=[0, 1, 2, 3]).dropped == {}
    assert deduplicate(STAGE, []).dropped == {}


def test_texts_are_fetched_in_pieces(deduplicate, monkeypatch):
    monkeypatch.setattr("headrace.pipeline.dedup.minhash.verify.CHUNK_BYTES", 300)
    texts = corpus(6, 150)
    assert deduplicate(STAGE, texts, [60]).dropped == reference(STAGE, texts)


def test_the_published_index_finds_a_planted_near_duplicate(workshop):
    workshop.build()
    folder = workshop.folder / "out/minhash_dedup"
    lsh, scheme = open_lsh(folder)
    rows = {row["id"]: row for row in workshop.ledger().to_pylist()}
    # Filters behind the stage drop some that it let stay; all of them are in its index.
    gone = [
        row["id"] for row in rows.values() if row["stage"] in ("read", "own:few_words", "exact_dedup", "minhash_dedup")
    ]
    assert sorted(lsh.keys) == sorted(rows.keys() - set(gone))

    planted = next(row for row in rows.values() if row["fate"] == "kept" and row["bytes"] > 200)
    name, _, position = planted["id"].removeprefix("tiny/").partition("#")
    with (workshop.folder / "in" / name).open("rb") as file:
        file.seek(int(position))
        text = json.loads(file.readline())["text"]
    words = text.split()
    words[3] = "another"

    def query(text):
        signed = signatures(pa.array([text], pa.large_string()), scheme.permutations, scheme.ngram, scheme.seed)
        return lsh.query(to_datasketch(signed[0], scheme.seed))

    assert planted["id"] in query(" ".join(words))
    assert query(" ".join(f"never{number}" for number in range(30))) == []


def test_a_folder_without_an_index(tmp_path):
    with pytest.raises(InputError, match="holds no MinHash index"):
        open_lsh(tmp_path)


def test_a_budget_that_is_too_small_is_refused_with_its_line(workshop):
    workshop.write_recipe(stages=[{"minhash_dedup": {"similarity": 0.5, "max_missed": 0.01, "permutations": 4}}])
    with pytest.raises(RecipeError, match=r"line \d+.*4 permutations miss at least 6.25%.*takes 7.*allow more"):
        workshop.build()


def test_bands_and_rows_can_be_given(deduplicate):
    assert MinhashDedup(bands=14, rows=8).scheme.permutations == 112
    with pytest.raises(ValueError, match="one of them is missing"):
        MinhashDedup(bands=14)
    stage = MinhashDedup(similarity=0.7, ngram=2, bands=9, rows=3)
    texts = corpus(9)
    assert deduplicate(stage, texts, [50]).dropped == reference(stage, texts)


def test_the_plan_tells_what_is_missed():
    population = Population(1, (0,), ("s/f",), 0, "curate", "text")
    (note,) = MinhashDedup(similarity=0.8, max_missed=0.02).steps("near", population).notes
    assert note == (
        "near: 17 bands of 7 rows, 119 permutations, miss 1.83% of the pairs at a similarity of 0.8, and 1.6e-05 at 0.9"
    )


DECLARATION = (
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。"
    "人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。"
    "何人も、人種、皮膚の色、性、言語、宗教、政治上その他の意見による差別を受けることはない。"
    "すべて人は、生命、自由及び身体の安全に対する権利を有する。何人も、奴隷にされることはない。"
)


def characters_of(text, n):
    """The n-grams of a Japanese text's letters."""
    letters = [letter for letter in text if letter.isalnum()]
    return {tuple(letters[start : start + n]) for start in range(max(1, len(letters) - n + 1))}


def test_japanese_near_duplicates_are_found_by_longer_shingles(deduplicate):
    edited = DECLARATION.replace("良心", "道徳")
    # The same clauses in another order share almost half of all runs of five characters, and few of ten.
    reordered = "、".join(reversed(DECLARATION.replace("。", "、").split("、")))
    by_five, by_ten = (
        [jaccard(characters_of(DECLARATION, n), characters_of(other, n)) for other in (edited, reordered)]
        for n in (5, 10)
    )
    assert by_five[1] > 0.4 > by_ten[1]
    texts, stage = [DECLARATION, edited, reordered], MinhashDedup(similarity=0.4, max_missed=0.001)
    assert deduplicate(stage, texts, [1]).dropped == {1: (0, pytest.approx(by_ten[0]))}
    assert deduplicate(replace(stage, characters=5), texts).dropped[2][1] == pytest.approx(by_five[1])


def test_short_japanese_texts_are_compared_whole(deduplicate):
    texts = ["水車小屋", "水車、小屋", "水車小屋の", "水車小屋"]
    assert deduplicate(MinhashDedup(), texts, [2]).dropped == {1: (0, 1.0), 3: (0, 1.0)}


def test_two_records_of_one_url_and_an_empty_one(deduplicate):
    page = {"text": "the river that feeds the mill has to be kept clear of weeds", "url": "http://example.org/"}
    empty = {"text": "", "url": "http://example.org/"}
    assert deduplicate(MinhashDedup(), [page, empty, page, empty], [1, 2, 3]).dropped == {2: (0, 1.0)}


def test_survivors_that_do_not_fit_into_memory_are_made_again(deduplicate, monkeypatch):
    monkeypatch.setattr("headrace.pipeline.dedup.minhash.leaders.CACHE_BYTES", 1)
    monkeypatch.setattr("headrace.pipeline.dedup.minhash.band_index.WAITING", 20)
    texts = corpus(7, 200)
    assert deduplicate(STAGE, texts, [60]).dropped == reference(STAGE, texts)


def test_a_band_that_all_share_is_exchanged_once_by_each_split(deduplicate):
    texts = ["the river that feeds the mill has to be kept clear of weeds"] * 300
    found = deduplicate(STAGE, texts, [100, 200])
    bands = STAGE.scheme.bands
    rows = [
        exchange.read([found.root / done.name / "bands.arrow"], 0).num_rows for done in found.results["near.sign"].done
    ]
    assert rows == [bands] * 3
    assert [done.stats["links"] for done in found.results["near.sign"].done] == [99] * 3
    assert [done.stats["links"] for done in found.results["near.pair"].done] == [2]
    assert found.dropped == dict.fromkeys(range(1, 300), (0, 1.0))


@pytest.mark.slow
def test_a_million_identical_records(deduplicate):
    found = deduplicate(STAGE, ["clear of weeds"] * 1_000_000, [300_000, 700_000])
    assert len(found.dropped) == 999_999
    assert set(found.dropped.values()) == {(0, 1.0)}
    assert sum(done.stats["comparisons"] for done in found.results["near.verify"].done) == 999_999
