"""Small tars such as others make."""

import io
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

Pack = Callable[[Sequence[tuple[str, bytes]]], bytes]


@pytest.fixture(scope="session")
def pack() -> Pack:
    """Packs files by `tarfile`."""

    def write(files: Sequence[tuple[str, bytes]]) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            for name, data in files:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        return stream.getvalue()

    return write


@pytest.fixture
def tars(pack: Pack) -> Callable[[Path, int], None]:
    """Writes so many tars `data-00.tar`, `data-01.tar`, ... into a folder, the nth with n + 1 samples of two fields."""

    def write(folder: Path, number: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for shard in range(number):
            samples = [f"{shard:02d}/{row:03d}" for row in range(shard + 1)]
            files = [(f"{key}.{field}", f"{key} {field}".encode()) for key in samples for field in ("txt", "bin")]
            (folder / f"data-{shard:02d}.tar").write_bytes(pack(files))

    return write
