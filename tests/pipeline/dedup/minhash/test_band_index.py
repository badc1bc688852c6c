import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.dedup.minhash import band_index
from headrace.pipeline.dedup.minhash.band_index import BandIndex

bands = st.lists(st.integers(0, 6) | st.just(2**64 - 1), min_size=3, max_size=3).map(
    lambda some: np.array(some, np.uint64)
)


@given(st.lists(bands, max_size=30), bands, st.booleans(), st.integers(1, 40))
def test_the_owners_of_a_band_are_found_wherever_they_lie(tmp_path_factory, owners, wanted, on_disk, waiting):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(band_index, "WAITING", waiting)
        patch.setattr(band_index, "ROOM", 5)
        folder = tmp_path_factory.mktemp("index") if on_disk else None
        index = BandIndex(folder)
        for owner, some in enumerate(owners):
            index.add(owner, some)
        expected = [owner for owner, some in enumerate(owners) if set(some.tolist()) & set(wanted.tolist())]
        assert index.owners(wanted) == expected
        assert folder is None or not list(folder.iterdir())


def test_files_of_like_size_are_merged(tmp_path, monkeypatch):
    monkeypatch.setattr(band_index, "WAITING", 4)
    index = BandIndex(tmp_path)
    for owner in range(256):
        index.add(owner, np.array([owner, owner + 1], np.uint64))
    assert len(index._levels) < 10
    assert index.owners(np.array([7], np.uint64)) == [6, 7]
