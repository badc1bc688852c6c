"""docs/streaming.md, whose programs and commands are run one after the other, as they stand."""

import hashlib
import io
import tarfile
from pathlib import Path

import fsspec
import numpy as np
import pytest

from headrace.shards.adoption.adopt import adopt
from headrace.shards.format.atomic import write_whole
from headrace.shards.format.manifest import Manifest, Tokenizer
from headrace.shards.format.token_writer import TokenShardWriter

PAGE = Path(__file__).parents[2] / "docs" / "streaming.md"


def write_tars(folder: Path, tars: int, samples: int) -> None:
    """Tars as others make them, adopted."""
    folder.mkdir(parents=True)
    for number in range(tars):
        with tarfile.open(folder / f"{number}.tar", "w", format=tarfile.GNU_FORMAT) as tar:
            for row in range(samples):
                for field, content in (("txt", f"text {row} of {number}"), ("cls", str(row % 3))):
                    member = tarfile.TarInfo(f"part/{number}-{row}.{field}")
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content.encode()))
    adopt([str(folder)])


def write_tokens(folder: Path) -> None:
    folder.mkdir()
    with TokenShardWriter(folder, "0.tar", vocabulary=1000) as writer:
        for length in (100, 40, 300):
            writer.add(np.arange(length))
    write_whole(f"{folder}/tokenizer.json", b"{}")
    tokenizer = Tokenizer(sha256=hashlib.sha256(b"{}").hexdigest(), vocabulary=1000, dtype="uint16")
    Manifest(kind="tokens", name="manuals", tokenizer=tokenizer, shards=(writer.info,)).save(folder)


@pytest.fixture
def place(tmp_path: Path, real_s3: str) -> Path:
    """A folder with what the page speaks of; `s3://bucket/tars` holds the tars, too."""
    write_tars(tmp_path / "data" / "tars", 3, 40)
    write_tars(tmp_path / "data" / "notes", 1, 30)
    write_tokens(tmp_path / "data" / "manuals")
    fsspec.filesystem("s3").put(f"{tmp_path}/data/tars/", "bucket/tars/", recursive=True)
    return tmp_path


@pytest.mark.slow
def test_its_programs_and_commands_run(place: Path, real_s3: str, run_page) -> None:
    access = {"ENDPOINT_URL": real_s3, "KEY": "key", "SECRET": "secret"}
    environment = {f"FSSPEC_S3_{name}": value for name, value in access.items()}
    environment |= {"AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required"}
    told = run_page(PAGE, place, environment, launched=["training.py"])
    audits = [text for line, text in told if "--audit" in line]
    assert len(told) > 8
    assert all("Each of these positions was consumed exactly once" in text for text in audits)
    assert audits
