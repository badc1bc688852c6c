import re

import numpy as np

from headrace.trainers.data import DataFacts
from headrace.trainers.peek.peek import Start, read
from headrace.trainers.peek.subjects import subject
from headrace.trainers.peek.tokens import pieces
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
