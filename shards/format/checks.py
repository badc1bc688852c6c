"""The checks of one shard against its entry in the manifest; each yields what is wrong and raises nothing."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..base.counts import counted
from ..base.errors import HeadraceError, ShardError
from .digest import HashingReader
from .index import Index, index_name
from .manifest import Manifest
from .pages import FIELDS, page_key, unpack_ends, unpack_meta, unpack_tokens
from .records import count_rows
from .shard_list import ShardInfo
from .source import open_source
from .survey import index_tar
from .transfer import fetch
from .urls import join, open_stream


@dataclass(frozen=True)
class Problem:
    """One thing that is not what it should be."""

    file: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}: {self.found} (expected: {self.expected})"


def check_shard(folder: str, manifest: Manifest, shard: ShardInfo) -> list[Problem]:
    """Everything that is wrong with one shard and its index."""
    place = manifest.place(folder, shard)
    records = manifest.kind == "records"
    checks = _record_problems(place, shard) if records else _tar_problems(folder, place, manifest, shard)
    problems: list[Problem] = []
    try:
        problems.extend(checks)
    except FileNotFoundError:
        problems.append(Problem(shard.name, "no such file", "the shard"))
    except (OSError, HeadraceError) as error:
        problems.append(Problem(shard.name, str(error), "a file that can be read"))
    return problems


def check_tokenizer(folder: str, manifest: Manifest) -> Iterator[Problem]:
    """Whether the tokenizer beside a set of tokens is the one of the manifest."""
    if manifest.tokenizer is None:
        return
    name = manifest.tokenizer.file
    try:
        yield from _hash_problem(name, hashlib.sha256(fetch(join(folder, name))).hexdigest(), manifest.tokenizer.sha256)
    except FileNotFoundError:
        yield Problem(name, "no such file", "the tokenizer")


def _record_problems(place: str, shard: ShardInfo) -> Iterator[Problem]:
    with open_stream(place) as stream:
        reader = HashingReader(stream)
        digest = reader.finish()
        yield from _size_problem(shard, reader.bytes)
        yield from _hash_problem(shard.name, digest, shard.sha256)
        stream.seek(0)
        yield from _count_problem(shard.name, count_rows(stream, shard.name), shard.samples, "rows")


def _tar_problems(folder: str, place: str, manifest: Manifest, shard: ShardInfo) -> Iterator[Problem]:
    found: Index | None = None
    with open_stream(place) as stream:
        reader = HashingReader(stream)
        try:
            found = index_tar(reader)
        except ShardError as error:
            yield Problem(shard.name, str(error), "a whole tar")
        digest = reader.finish()
    yield from _size_problem(shard, reader.bytes)
    yield from _hash_problem(shard.name, digest, shard.sha256)
    if found is None:
        return
    yield from _index_problems(folder, shard, found)
    if manifest.tokenizer is None:
        yield from _count_problem(shard.name, found.samples, shard.samples, "samples")
    else:
        yield from _page_problems(place, manifest.tokenizer.dtype, manifest.tokenizer.vocabulary, shard, found)


def _index_problems(folder: str, shard: ShardInfo, found: Index) -> Iterator[Problem]:
    """Whether the index beside a tar says what the tar itself says."""
    name = index_name(shard.name)
    try:
        data = fetch(join(folder, name))
    except FileNotFoundError:
        yield Problem(name, "no such file", "the index of the shard")
        return
    yield from _hash_problem(name, hashlib.sha256(data).hexdigest(), shard.index_sha256)
    if data == found.dump():
        return
    try:
        stored = Index.load(data, name)
    except ShardError as error:
        yield Problem(name, str(error), "the index of the shard")
        return
    yield Problem(name, _difference(stored, found), "what the tar itself says")


def _difference(stored: Index, found: Index) -> str:
    if stored.fields != found.fields or stored.samples != found.samples:
        return f"{counted(stored.samples, 'sample')} with {', '.join(stored.fields)}"
    pairs = [(getattr(stored, name), getattr(found, name)) for name in ("offsets", "sizes", "crcs")]
    rows = np.flatnonzero(np.any([(left != right).any(axis=1) for left, right in pairs], axis=0))
    if rows.size:
        return f"another place or checksum in {counted(rows.size, 'sample')}, the first of them row {rows[0]}"
    return "other keys"


def _page_problems(file: str, dtype: str, vocabulary: int, shard: ShardInfo, index: Index) -> Iterator[Problem]:
    """Whether every page of a token shard is well formed, and the pages add up to what the manifest says."""
    known = set(FIELDS) <= set(index.fields)
    if index.samples and not known:
        yield Problem(shard.name, f"the fields {', '.join(index.fields)}", f"the fields {', '.join(FIELDS)}")
        return
    columns = [index.fields.index(field) for field in FIELDS if known]
    source = open_source(file)
    tokens = documents = 0
    for row in range(index.samples):
        place = f"page {page_key(row)} of {shard.name}"
        data = source.read(index.offsets[row, columns].tolist(), index.sizes[row, columns].tolist())
        try:
            page = unpack_tokens(data[0], dtype, place)
            ends = unpack_ends(data[1], page.size, place)
            metas = unpack_meta(data[2])
        except (ShardError, ValueError) as error:
            yield Problem(place, str(error), "a page of tokens")
            continue
        if page.size and int(page.max()) >= vocabulary:
            yield Problem(place, f"the token {page.max()}", f"tokens below {vocabulary:,}")
        yield from _count_problem(place, len(metas), ends.size, "lines of metadata")
        tokens += page.size
        documents += ends.size
    source.close()
    yield from _count_problem(shard.name, documents, shard.samples, "documents")
    yield from _count_problem(shard.name, tokens, shard.tokens or 0, "tokens")


def _size_problem(shard: ShardInfo, found: int) -> Iterator[Problem]:
    yield from _count_problem(shard.name, found, shard.bytes, "bytes")


def _hash_problem(name: str, found: str, expected: str | None) -> Iterator[Problem]:
    if found != expected:
        yield Problem(name, f"sha256 {found}", f"sha256 {expected}")


def _count_problem(name: str, found: int, expected: int, unit: str) -> Iterator[Problem]:
    if found != expected:
        yield Problem(name, f"{found:,} {unit}", f"{expected:,}")
