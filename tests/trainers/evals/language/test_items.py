import gzip
import hashlib
import json

import pytest

from headrace.shards.base.errors import InputError
from headrace.trainers.evals.language.items import Item, read_items

GOOD = {"context": "The cat", "choices": ["purrs", "barks"], "answer": 0}


def test_items_are_read_in_order_with_the_files_hash(tmp_path):
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps(GOOD) + "\n\n" + json.dumps({**GOOD, "context": "", "answer": 1, "id": 7}) + "\n")
    found = read_items(str(path))
    assert found.items == (Item("The cat", ("purrs", "barks"), 0), Item("", ("purrs", "barks"), 1))
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("{", "line 2 of .* is not JSON"),
        ("[]", "Found: a list"),
        ('{"context": "a"}', "no answer, no choices"),
        (json.dumps({**GOOD, "context": 3}), "a context that is a int"),
        (json.dumps({**GOOD, "choices": ["one"]}), r"the choices \['one'\]"),
        (json.dumps({**GOOD, "choices": ["one", ""]}), r"the choices \['one', ''\]"),
        (json.dumps({**GOOD, "answer": 2}), "the answer 2 to 2 choices"),
        (json.dumps({**GOOD, "answer": "purrs"}), "the answer 'purrs'"),
        (json.dumps({**GOOD, "answer": True}), "the answer True"),
    ],
)
def test_what_is_no_item_is_refused_with_its_line(tmp_path, line, found):
    path = tmp_path / "items.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n{line}\n")
    with pytest.raises(InputError, match=found) as error:
        read_items(str(path))
    assert "line 2 of" in str(error.value)
    assert "counted from 0" in str(error.value)


def test_files_that_hold_nothing_or_are_none(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_items(str(tmp_path / "none.jsonl"))
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(InputError, match="holds no items"):
        read_items(str(tmp_path / "empty.jsonl"))
    (tmp_path / "packed.jsonl").write_bytes(gzip.compress(b"{}"))
    with pytest.raises(InputError, match="is not JSON"):
        read_items(str(tmp_path / "packed.jsonl"))
