import io

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from headrace.shards.base.errors import InputError
from headrace.trainers.data import DataFacts
from headrace.trainers.evals.labels import ProbeRecipe, Selector, labelled_records
from headrace.trainers.evals.records import read_metas, read_records

PAGES = ProbeRecipe(
    label=Selector(field="url", pattern="/(cats|dogs)-"), group=Selector(field="url", pattern=r"(/[a-z]+)-\d/(.*)")
)


def test_a_value_is_a_field_or_what_a_pattern_finds_in_it():
    meta = {"a": {"b": 7}, "url": "http://x/python-3.11/re.html"}
    assert Selector(field="a.b").value(meta) == "7"
    assert Selector(field="url", pattern=r"/(\w+)-").value(meta) == "python"
    assert Selector(field="url", pattern=r"[a-z]+\.html").value(meta) == "re.html"
    assert Selector(field="url", pattern="nowhere").value(meta) is None
    assert Selector(field="a.c").value(meta) is None
    assert Selector(field="url.a").value(meta) is None
    with pytest.raises(ValidationError, match="a regular expression"):
        Selector(field="url", pattern="(")


def test_versions_of_a_page_stay_on_one_side(texts):
    recipe = PAGES.model_copy(update={"group": Selector(field="url", pattern=r"-\d/(.*)"), "test_share": 0.5})
    data = DataFacts.of(texts)
    found = labelled_records(recipe, data)
    sides = {}
    for (_, meta), test in zip(read_metas(data), found.test, strict=True):
        sides.setdefault(recipe.group.value(meta), set()).add(bool(test))
    assert len(sides) == 10
    assert all(len(side) == 1 for side in sides.values())
    assert 0 < found.test.sum() < len(found.test)
    assert found.classes == ("cats", "dogs")


def test_records_come_in_the_order_of_the_labels(images):
    found = labelled_records(ProbeRecipe(label=Selector(field="label")), DataFacts.of(images))
    records = list(found.records())
    assert len(records) == len(found.labels) == 48
    for record, label in zip(records, found.labels, strict=True):
        assert str(record["json"]["label"]) == found.classes[label]
        pixels = np.asarray(Image.open(io.BytesIO(record["png"])))
        assert pixels[:5].mean() > pixels[5:].mean() if label == 0 else True


def test_the_split_of_the_data_counts_where_it_has_one(images):
    recipe = ProbeRecipe(label=Selector(field="label"), split=Selector(field="split"))
    found = labelled_records(recipe, DataFacts.of(images))
    assert found.test.tolist() == ([False] * 11 + [True] * 5) * 3


def test_what_is_neither_to_train_nor_to_test_is_left_out(images):
    recipe = ProbeRecipe(label=Selector(field="label"), split=Selector(field="split", pattern="^train|^te$"))
    with pytest.raises(InputError, match=r"33 records of 2 classes, 2 of them to train on; 0 to test"):
        labelled_records(recipe, DataFacts.of(images))


def test_other_shards_can_hold_the_test(images):
    recipe = ProbeRecipe(label=Selector(field="label"), test_url=images)
    found = labelled_records(recipe, DataFacts.of(images))
    assert found.test.tolist() == [False] * 48 + [True] * 48
    assert len(list(found.records())) == 96


def test_records_without_a_label_are_left_out(texts):
    recipe = ProbeRecipe(label=Selector(field="url", pattern=r"dogs-\d/page([1-4])"), test_share=0.5)
    found = labelled_records(recipe, DataFacts.of(texts))
    assert len(found.labels) == 8
    assert found.classes == ("1", "2", "3", "4")


def test_some_documents_of_some_shards(texts):
    data = DataFacts.of(texts)
    everything = [record["tokens"].tolist() for record in read_records(data, np.arange(40))]
    some = [record["tokens"].tolist() for record in read_records(data, np.array([0, 19, 20, 39]))]
    assert some == [everything[row] for row in (0, 19, 20, 39)]


def test_labels_that_tell_nothing_are_refused(images):
    with pytest.raises(InputError, match=r"0 records of 0 classes.*'lable'.*label, split"):
        labelled_records(ProbeRecipe(label=Selector(field="lable")), DataFacts.of(images))
