import pytest
from pydantic import TypeAdapter, ValidationError

from headrace.pipeline.sizes import Bytes

SIZES = TypeAdapter(Bytes)


@pytest.mark.parametrize(
    ("written", "size"),
    [(7, 7), ("7", 7), ("256MB", 256_000_000), ("1 GiB", 2**30), ("1.5kb", 1500), (" 2 tib ", 2**41), ("3b", 3)],
)
def test_sizes_as_people_write_them(written, size):
    assert SIZES.validate_python(written) == size


@pytest.mark.parametrize("written", ["", "MB", "-1MB", "1e6", "1 XB", "256 M B", 0, -5, "0MB", 1.5, None])
def test_anything_else_is_refused(written):
    with pytest.raises(ValidationError):
        SIZES.validate_python(written)
