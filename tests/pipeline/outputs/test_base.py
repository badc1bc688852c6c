import pytest

from headrace.pipeline.outputs.base import description, shard_name


@pytest.mark.parametrize(
    ("meta", "fields"),
    [
        ("{}", {}),
        ('{"label": 3}', {"label": 3}),
        ('{"id": 7, "label": 3}', {"label": 3, "meta": {"id": 7}}),
        ('{"url": "u", "meta": {"a": 1}, "id": null}', {"meta": {"id": None, "url": "u", "meta": {"a": 1}}}),
    ],
)
def test_a_records_own_fields_never_take_the_place_of_its_id(meta, fields):
    assert description("s/f#1", None, meta) == {"id": "s/f#1", "url": None, **fields}


def test_shards_sort_by_their_names():
    assert sorted(map(shard_name, range(12))) == [shard_name(shard) for shard in range(12)]
