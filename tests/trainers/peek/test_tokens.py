import re

import numpy as np
import pytest

from headrace.shards.stream import Stream
from headrace.trainers.data import DataFacts
from headrace.trainers.peek.peek import Start, read
from headrace.trainers.peek.subjects import subject
from headrace.trainers.peek.tokens import pieces, predictions
from headrace.trainers.pretext.causal_lm import CausalLm
from headrace.trainers.pretext.mlm import Mlm


def test_a_window_reads_as_before_where_targets_stand_in_their_places(texts):
    data = DataFacts.of(texts)
    pretext = Mlm(length=48).bind(data)
    tokens = np.array(data.tokenizer.encode("the cat purrs and climbs a tall tree " * 12).ids[:46], np.uint16)
    for seed in range(8):
        arrays = pretext.sample({"tokens": tokens, "ends": np.array([], np.int64)}, np.random.default_rng(seed))
        found = pieces(arrays, data)
        assert sum(bool(each.target) for each in found) == (arrays["labels"] >= 0).sum()
        restored = "".join(each.target or each.text for each in found)
        # A target that stands alone has lost the space before it.
        whole = data.tokenizer.decode([data.vocabulary.cls, *tokens.tolist(), data.vocabulary.sep], False)
        assert re.sub(r"\s+|' '", "", restored) == re.sub(r"\s+", "", whole)
        for each in found:
            hidden = data.tokenizer.id_to_token(data.vocabulary.mask)
            assert not each.target or (each.fate == "masked") == (each.text == hidden)
            assert each.fate != "kept" or each.text == each.target


def test_text_says_what_is_predicted(texts):
    (look,) = read(subject("mlm", texts, ["pretext.mlm.length=32"], {}), texts, 1, Start())
    assert "[CLS]" in look.text
    assert look.text.count(" → ") == sum(bool(each.target) for each in look.pieces) == 5
    assert look.notes[0].startswith("5 of 32 tokens are predicted, up to ")


@pytest.mark.parametrize(("positions", "longest"), [([3, 5, 7, 0], 1), ([2, 3, 4, 9], 3), ([6, 7, 8, 9], 4)])
def test_how_many_targets_stand_side_by_side_is_told(positions, longest):
    labels = np.where(np.array(positions) > 0, 9, -100)
    arrays = {"tokens": np.zeros(10, np.int64), "positions": np.array(positions), "labels": labels}
    told = f"{(labels > 0).sum()} of 10 tokens are predicted, up to {longest} side by side"
    assert predictions(arrays) == (told,)


def test_of_a_text_that_is_predicted_on_and_on_what_is_given_is_told(texts):
    overrides = ["pretext.causal_lm.length=48", "pretext.causal_lm.attention=document"]
    looks = read(subject("causal_lm", texts, overrides, {}), texts, 8, Start())
    data = DataFacts.of(texts)
    records = {f"sample {each['__id__']:,}": each for each in Stream(texts, window=48).read(np.arange(40))}
    for look in looks:
        whole = records[look.name.split(" · ")[1]]["tokens"]
        given = [each for each in look.pieces if each.fate == "given"]
        assert given[0] is look.pieces[0]
        predicted = 48 - (len(given) - 1)
        assert look.notes[0] == f"{predicted} tokens are predicted, each from those before it; pale ones are not"
        # A token that begins a document at the end of a window is neither shown nor predicted.
        assert re.sub(r"\s+", "", data.decode(whole.tolist())).startswith(re.sub(r"\s+", "", look.text))
        # What ends a document is its last target, and begins the next one.
        assert len(given) == 1


def test_words_that_begin_documents_which_nothing_ends_are_given(texts):
    data = DataFacts.of(texts)
    pretext = CausalLm(length=24, attention="document").bind(data)
    words = [data.tokenizer.encode(text).ids for text in ("the cat purrs", " a dog barks")]
    tokens = np.array((words[0] + words[1] * 8)[:25], np.uint16)
    arrays = pretext.sample({"tokens": tokens, "ends": np.array([len(words[0])])}, np.random.default_rng(0))
    found = pieces(arrays, data)
    assert [each.fate for each in found] == ["given", "plain", "given", "plain"]
    assert found[2].text == data.decode(words[1][:1])
    assert "".join(each.text for each in found) == data.decode(tokens.tolist())
    assert predictions(arrays) == ("23 tokens are predicted, each from those before it; pale ones are not",)
