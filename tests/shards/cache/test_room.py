"""What has to go: nothing that is needed as soon, the furthest first."""

from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.cache.folder import Entry
from headrace.shards.cache.room import victims

ENTRIES = st.lists(
    st.builds(
        Entry,
        digest=st.uuids().map(str),
        bytes=st.integers(0, 20),
        age=st.integers(0, 5).map(float),
        whole=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda entry: entry.digest,
)


@given(ENTRIES, st.data())
def test_victims(entries: list[Entry], data: st.DataObject) -> None:
    needed = data.draw(st.lists(st.sampled_from(entries), unique_by=id)) if entries else []
    distances = {entry.digest: place for place, entry in enumerate(needed)}
    limit, size = data.draw(st.integers(0, 60)), data.draw(st.integers(0, 20))
    distance = data.draw(st.integers(0, 8))
    found = victims(entries, distances, limit, size, distance)
    by_digest = {entry.digest: entry for entry in entries}
    may_go = [each for each in entries if each.whole and distances.get(each.digest, 99) > distance]
    used = sum(entry.bytes for entry in entries)
    if used - sum(each.bytes for each in may_go) + size > limit:
        assert found is None
        return
    assert found is not None
    gone = [by_digest[digest] for digest in found]
    assert all(each in may_go for each in gone)
    assert used - sum(each.bytes for each in gone) + size <= limit
    # None too many, and none that is needed sooner than one that stays.
    assert not gone or used - sum(each.bytes for each in gone[:-1]) + size > limit
    stays = [distances.get(each.digest, 99) for each in may_go if each not in gone]
    assert not gone or min(distances.get(each.digest, 99) for each in gone) >= max(stays, default=0)
