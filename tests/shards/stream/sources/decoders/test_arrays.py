"""Arrays and archives of them: what numpy wrote comes back, and nothing else does."""

import gc
import io
import pickle
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from headrace.shards.stream.sources.decoders.arrays import decode_array, decode_arrays
from headrace.shards.stream.sources.decoders.compressed import LIMIT

KINDS = arrays_of.scalar_dtypes() | arrays_of.unicode_string_dtypes()
ARRAYS = arrays_of.arrays(KINDS, arrays_of.array_shapes(min_dims=0, min_side=0, max_side=4))


def npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def npz(compressed=False, **members):
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, **members)
    return stream.getvalue()


@given(ARRAYS)
def test_arrays(array):
    for given_array in (array, np.asarray(array, order="F")):
        found = decode_array(npy(given_array))
        assert found.dtype == array.dtype
        assert found.shape == array.shape
        assert found.tobytes() == given_array.copy(order="C").tobytes()
        assert found.flags.writeable


@pytest.fixture
def restless():
    """Garbage is collected at every turn, and other threads run meanwhile."""
    before = gc.get_threshold()

    def collecting(phase, info):
        time.sleep(0)

    gc.callbacks.append(collecting)
    gc.set_threshold(5)
    yield
    gc.set_threshold(*before)
    gc.callbacks.remove(collecting)


def test_threads_read_arrays_at_the_same_time(restless):
    """Python 3.11's parser of literals, by which numpy reads headers, is one for all threads."""
    files = [npy(np.zeros((1, size), np.uint8)) for size in range(1000)]
    with ThreadPoolExecutor(8) as threads:
        assert [array.shape[1] for array in threads.map(decode_array, files)] == [*range(1000)]


def test_fields_of_records_may_have_any_names():
    array = np.zeros(3, dtype=[("größe", "f4"), ("日本", "u1")])
    with pytest.warns(UserWarning, match="format 3.0"):
        data = npy(array)
    assert decode_array(data).dtype == array.dtype


@given(st.booleans(), st.dictionaries(st.from_regex("[a-z]{1,5}", fullmatch=True), ARRAYS, max_size=3))
def test_archives(compressed, members):
    found = decode_arrays(npz(compressed, **members))
    assert list(found) == list(members)
    assert all(found[name].tobytes() == members[name].tobytes() for name in members)


OBJECTS = npy(np.array([{}], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    "data", [OBJECTS, npz(a=np.zeros(3)), pickle.dumps([1]), b"", b"\x93NUMPY", npy(np.zeros(9))[:-1]]
)
def test_what_is_no_array_is_refused(data):
    with pytest.raises((ValueError, EOFError)):
        decode_array(data)


def test_room_is_made_for_no_more_than_there_is():
    boast = npy(np.zeros(1, np.uint8)).replace(b"(1,), }" + b" " * 13, b"(99999999999999,), }")
    with pytest.raises(ValueError, match=r"a header of 99,999,999,999,999 bytes before "):
        decode_array(boast)


def test_archives_of_other_things_and_bombs_are_refused():
    def archive(name, data, kind=zipfile.ZIP_STORED):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", kind) as file:
            file.writestr(name, data)
        return stream.getvalue()

    with pytest.raises(ValueError, match="objects of Python"):
        decode_arrays(archive("a.npy", OBJECTS))
    with pytest.raises(ValueError, match="is no array"):
        decode_arrays(archive("a.pkl", pickle.dumps(1)))
    with pytest.raises(zipfile.BadZipFile):
        decode_arrays(b"PK")
    small = archive("a.npy", npy(np.zeros(1000)), zipfile.ZIP_DEFLATED)
    size = len(npy(np.zeros(1000))).to_bytes(4, "little")
    with pytest.raises(ValueError, match=r"unpacks to 1,073,741,825 bytes"):
        decode_arrays(small.replace(size, (LIMIT + 1).to_bytes(4, "little")))
    # An entry that says less than it unpacks to gives no more than it says.
    with pytest.raises((zipfile.BadZipFile, ValueError)):
        decode_arrays(small.replace(size, (200).to_bytes(4, "little")))
