"""The texts of shards, in every format that headrace writes, and of WebDataset tars made by others."""

import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from tokenizers import Tokenizer

from headrace.shards.base.errors import ShardError, UsageError

Text = tuple[str, str]
"""A document's id, or where it lies, and its text."""

_TEXTS = ("txt", "text")
_ENDINGS = (".tar", ".tar.gz", ".tgz", ".parquet", ".jsonl", ".jsonl.zst")


@dataclass(frozen=True)
class ShardFile:
    """One file of texts: its name, its size in bytes, and how to read it."""

    name: str
    size: int
    read: Callable[[], Iterator[Text]]


@dataclass(frozen=True)
class Shards:
    """Files of texts, and the manifest beside them; {} where there is none."""

    files: tuple[ShardFile, ...]
    manifest: Mapping[str, Any]


def open_shards(url: str, field: str) -> Shards:
    """What a folder of shards, or one file, holds.

    Args:
        url: A path or fsspec URL.
        field: The field (of a tar's samples), or column, with the text: `txt`, `caption.txt`, or `json.text` for the
            key `text` of the field `json`. "": what it usually is.

    Raises:
        ShardError: There are no shards.
    """
    system, place = fsspec.core.url_to_fs(url)
    place = place.removesuffix("/manifest.json")
    manifest: dict[str, Any] = {}
    if system.isfile(place):
        names = [place]
    else:
        if system.exists(f"{place}/manifest.json"):
            manifest = json.loads(system.cat_file(f"{place}/manifest.json"))
        listed = [f"{place}/{each['name']}" for each in manifest.get("shards", ())]
        names = listed or sorted(name for name in system.find(place) if name.endswith(_ENDINGS))
    if not names:
        raise ShardError(
            f"{url} holds no shards", expected=f"files that end in {', '.join(_ENDINGS)}", remedy="Check the path"
        )
    tokenizer = _tokenizer(system, place, manifest)

    def reader(name: str) -> Callable[[], Iterator[Text]]:
        def read() -> Iterator[Text]:
            with system.open(name, "rb") as stream:
                yield from _texts(stream, name, field, tokenizer)

        return read

    return Shards(tuple(ShardFile(name, int(system.size(name)), reader(name)) for name in names), manifest)


def _tokenizer(system: Any, place: str, manifest: Mapping[str, Any]) -> Tokenizer | None:
    if manifest.get("kind") != "tokens":
        return None
    return Tokenizer.from_str(system.cat_file(f"{place}/{manifest['tokenizer']['file']}").decode())


def _texts(stream: BinaryIO, name: str, field: str, tokenizer: Tokenizer | None) -> Iterator[Text]:
    try:
        if name.endswith(".parquet"):
            yield from _rows(stream, name, field or "text")
        elif name.endswith((".jsonl", ".zst")):
            yield from _lines(stream, name, field or "text")
        elif tokenizer is not None:
            yield from _pages(stream, name, tokenizer)
        else:
            yield from _samples(stream, name, field)
    except (OSError, ValueError, EOFError, KeyError, tarfile.TarError, pa.ArrowException, zstandard.ZstdError) as error:
        raise ShardError(f"{name} cannot be read", found=f"{type(error).__name__}: {error}") from error


def _rows(stream: BinaryIO, name: str, column: str) -> Iterator[Text]:
    file = pq.ParquetFile(stream)
    known = file.schema_arrow.names
    if column not in known:
        raise UsageError(f"{name} has no column '{column}'", found=", ".join(known), remedy="Name one by --text")
    columns = [each for each in ("id", column) if each in known]
    number = 0
    for batch in file.iter_batches(1024, columns=columns):
        for row in batch.to_pylist():
            yield str(row.get("id", f"{name}#{number}")), row[column] or ""
            number += 1


def _lines(stream: BinaryIO, name: str, key: str) -> Iterator[Text]:
    if name.endswith(".zst"):
        stream = io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True))
    for number, line in enumerate(stream):
        row = json.loads(line)
        if key not in row:
            raise UsageError(f"{name} has no key '{key}'", found=", ".join(row), remedy="Name one by --text")
        yield str(row.get("id", f"{name}#{number}")), row[key] or ""


def _samples(stream: BinaryIO, name: str, field: str) -> Iterator[Text]:
    """The texts of a tar: of each sample, one field's."""
    wanted, _, key = field.partition(".") if field.startswith("json.") else (field, "", "")
    seen: set[str] = set()
    found = False
    for sample, fields in _grouped(stream):
        seen |= fields.keys()
        content = next((fields[each] for each in ([wanted] if wanted else _TEXTS) if each in fields), None)
        if content is None:
            continue
        about = json.loads(fields["json"]) if "json" in fields else {}
        text = json.loads(content).get(key) if key else content.decode("utf-8", "replace")
        if isinstance(text, str):
            found = True
            yield str(about.get("id", sample)) if isinstance(about, dict) else sample, text
    if seen and not found:
        raise UsageError(
            f"no sample of {name} has the text",
            found=f"the fields {', '.join(sorted(seen))}",
            expected=field or " or ".join(_TEXTS),
            remedy="Name the field by --text, such as caption.txt, or json.text for a key of the field json",
        )


def _grouped(stream: BinaryIO) -> Iterator[tuple[str, dict[str, bytes]]]:
    """The samples of a tar: members in a row whose names agree up to the first dot of the file's name."""
    current = ""
    fields: dict[str, bytes] = {}
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            if not member.isfile():
                continue
            folder, slash, base = member.name.rpartition("/")
            stem, _, extension = base.partition(".")
            key = folder + slash + stem
            if key != current and fields:
                yield current, fields
                fields = {}
            opened = archive.extractfile(member)
            current, fields[extension] = key, opened.read() if opened else b""
    if fields:
        yield current, fields


def _pages(stream: BinaryIO, name: str, tokenizer: Tokenizer) -> Iterator[Text]:
    """The documents of pages of tokens; one may begin in one page and end in a later one."""
    begun: list[np.ndarray[Any, Any]] = []
    for _, page in _grouped(stream):
        tokens, ends = (np.load(io.BytesIO(page[each]), allow_pickle=False) for each in ("tokens.npy", "ends.npy"))
        start = 0
        for end, line in zip(ends.tolist(), page["meta.jsonl"].splitlines(), strict=True):
            ids = np.concatenate([*begun, tokens[start:end]]).tolist()
            yield str(json.loads(line).get("id", name)), tokenizer.decode(ids, skip_special_tokens=True)
            start, begun = end, []
        begun.append(tokens[start:])
