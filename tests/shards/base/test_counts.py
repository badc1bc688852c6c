import pytest

from headrace.shards.base.counts import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 shards"), (1, "1 shard"), (2, "2 shards"), (1_000, "1,000 shards")]
)
def test_one_is_singular(number, said):
    assert counted(number, "shard") == said


def test_an_odd_plural_is_given():
    assert counted(2, "class", "classes") == "2 classes"
    assert counted(1, "class", "classes") == "1 class"
