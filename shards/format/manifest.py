"""`manifest.json`: what a folder of shards holds, byte for byte, and where it came from."""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError, model_validator

from ..base.errors import ManifestError
from . import index
from .atomic import write_whole
from .shard_lines import read_lines
from .shard_list import NO_INDEX, NO_TOKENS, Count, FileName, Sha256, ShardInfo, Shards
from .transfer import fetch
from .urls import join, local_path, names_in, split

FORMAT_VERSION: Literal[1] = 1
FILE = "manifest.json"
ADOPTION = "index"
"""The key of a manifest's recipe by which tars that others made are known."""

# An absolute path or a plain URL; no chain of file systems ("::"), behind which anything could stand.
Folder = Annotated[str, StringConstraints(pattern=r"^(/|[a-z][a-z0-9+.-]*://)(:?[^:\x00-\x1f])*$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputFile(_Model):
    """A raw file that was read, with whatever is known of its identity."""

    url: str
    bytes: Count
    etag: str = ""
    sha256: Sha256 | None = None


class Provenance(_Model):
    """What the shards were made from, and by which versions of headrace and of each stage."""

    inputs: tuple[InputFile, ...] = ()
    versions: dict[str, str] = {}


class Tokenizer(_Model):
    """The tokenizer of a token set; `file` lies beside the manifest."""

    sha256: Sha256
    vocabulary: Annotated[int, Field(gt=0)]
    dtype: Literal["uint16", "uint32"]
    file: FileName = "tokenizer.json"


class Tally(_Model):
    """A number of records and the bytes of their content."""

    records: Count = 0
    bytes: Count = 0


class Counts(_Model):
    """The fate of every input record: `in` = `kept` + `dropped` + `failed`, in records and in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    total: Tally = Field(alias="in")
    kept: Tally
    dropped: Tally = Tally()
    failed: Tally = Tally()

    @model_validator(mode="after")
    def _conserved(self) -> "Counts":
        for unit in ("records", "bytes"):
            parts = [getattr(each, unit) for each in (self.kept, self.dropped, self.failed)]
            if sum(parts) != getattr(self.total, unit):
                raise ValueError(f"in = {getattr(self.total, unit)} {unit}, but kept + dropped + failed = {sum(parts)}")
        return self


class Benchmark(_Model):
    """A benchmark against which the shards were decontaminated."""

    sha256: Sha256
    fields: tuple[str, ...] = ()
    """Those whose text is protected."""
    id: str = ""
    """The field that names an item; "": its number, from 0."""
    items: Count
    found: tuple[str, ...] = ()
    """Items of which something was found in the input."""
    whole: tuple[str, ...] = ()
    """Items shorter than the n-gram, which are protected as a whole only."""
    unprotected: tuple[str, ...] = ()
    """Items too short to protect, or of which every n-gram is excluded."""


class Certificate(_Model):
    """What the shards are free of: every n-gram of the benchmarks' items, but for what is listed as excepted.

    With the action `report` nothing is guaranteed: what was found is in the shards.
    """

    action: Literal["drop", "cut", "report"] = "drop"
    n: Annotated[int, Field(gt=0)]
    unit: Literal["words", "tokens"] = "words"
    tokenizer_sha256: Sha256 | None = None
    """Of the tokenizer of which tokens are made."""
    normalisation: str = ""
    """In what benchmark and document are alike."""
    min_words: Count = 0
    """The shortest passage that was looked for whole."""
    min_characters: Count = 0
    """What has fewer letters and digits was not looked for."""
    max_documents: Count | None = None
    """N-grams in more documents of the input are excluded as common; null: none is."""
    documents_by: Literal["texts", "hosts"] = "texts"
    """What of these documents counted once."""
    copy_share: float | None = None
    """In documents that hold at least this share of an item nothing of it was excluded as common; null: it was."""
    excluded: dict[str, tuple[str, ...]] = {}
    """N-grams of the benchmarks that were not looked for, by reason; their words joined by spaces."""
    benchmarks: dict[str, Benchmark]


class Manifest(_Model):
    """A set of shards.

    `kind` is `samples` (WebDataset tars), `tokens` (tars of token pages) or `records` (Parquet or JSONL.zst files).
    `fields` maps each field of a sample, or column of a record, to its type: a media type such as `image/png` for a
    field, the Arrow type for a column.
    """

    # Of a hundred thousand names and hashes none comes twice: remembering them all would only cost time.
    model_config = ConfigDict(frozen=True, extra="forbid", cache_strings="keys")

    format_version: Literal[1] = FORMAT_VERSION
    kind: Literal["samples", "tokens", "records"]
    name: str
    fields: dict[str, str] = {}
    recipe: dict[str, JsonValue] = {}
    provenance: Provenance = Provenance()
    tokenizer: Tokenizer | None = None
    counts: Counts | None = None
    decontamination: tuple[Certificate, ...] | None = None
    """One for each stage that decontaminates."""
    tars: Folder | None = None
    """Where the shards lie when that is not the manifest's own folder, which then holds their indices alone."""
    shards: Shards = Shards.of(())

    @model_validator(mode="after")
    def _coherent(self) -> "Manifest":
        if (self.kind == "tokens") != (self.tokenizer is not None):
            raise ValueError("a set of tokens, and no other, has a tokenizer")
        if self.kind == "tokens" and bool((self.shards.tokens == NO_TOKENS).any()):
            raise ValueError("a shard of a set of tokens does not say how many it holds")
        if self.kind != "records" and bool((self.shards.index_sha256 == NO_INDEX).any()):
            raise ValueError("a shard has no index_sha256")
        if len(set(self.shards.name)) < len(self.shards):
            raise ValueError("two shards have one name")
        return self

    def place(self, url: str | Path, shard: ShardInfo) -> str:
        """Where a shard lies.

        Args:
            url: The folder of the set, or this manifest in it.
            shard: One of `shards`.
        """
        return join(self.tars or folder_of(url), shard.name)

    @property
    def samples(self) -> int:
        """Samples, documents or records in all shards."""
        return int(self.shards.samples.sum())

    @property
    def adopted(self) -> bool:
        """Whether others made the tars, in whose folder there may be more than those of this set."""
        return ADOPTION in self.recipe

    @property
    def tokens(self) -> int:
        """Tokens in all shards; 0 in a set that has none."""
        return int(self.shards.tokens.sum()) if self.kind == "tokens" else 0

    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of what the set holds: the shards and how to read them, not how they were made."""
        tokenizer = self.tokenizer and [self.tokenizer.sha256, self.tokenizer.vocabulary, self.tokenizer.dtype]
        body = [self.format_version, self.kind, self.name, self.fields, tokenizer, len(self.shards)]
        digest = hashlib.sha256("\n".join((json.dumps(body, sort_keys=True), *self.shards.name)).encode())
        for numbers in (self.shards.samples, self.shards.tokens):
            digest.update(numbers.astype("<i8").tobytes())
        digest.update(self.shards.sha256.tobytes())
        return digest.hexdigest()

    def dump(self) -> str:
        """The manifest as JSON, one line per shard."""
        body = self.model_dump(mode="json", by_alias=True, exclude={"shards"}, exclude_none=True)
        head = json.dumps(body, indent=2, ensure_ascii=False).removesuffix("\n}")
        lines = [json.dumps(asdict(shard), ensure_ascii=False) for shard in self.shards]
        return f'{head},\n  "shards": [' + ",".join(f"\n    {line}" for line in lines) + "\n  ]\n}\n"

    def save(self, folder: str | Path) -> None:
        """Write `manifest.json` into a folder, atomically."""
        write_whole(join(folder, FILE), self.dump().encode())

    @classmethod
    def load(cls, url: str | Path) -> "Manifest":
        """The manifest of a folder, or of a path or URL that ends in `manifest.json`.

        Raises:
            ManifestError: There is none, it cannot be read, it is malformed, or another version of the format wrote it.
        """
        place = manifest_url(url)
        try:
            data = fetch(place)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise _absence(place) from error
        # fsspec raises the last two for a protocol that is unknown, or whose package is not installed.
        except (OSError, ValueError, ImportError) as error:
            raise ManifestError(
                f"{place} cannot be read", found=str(error), expected="a folder of shards, or its manifest.json"
            ) from error
        try:
            manifest = _parsed(data)
        except ValidationError as error:
            raise _refusal(place, error) from None
        if manifest.tars is not None and local_path(place) is None and local_path(manifest.tars) is not None:
            raise ManifestError(
                f"{place} leads to files on this machine",
                found=f"tars in {manifest.tars}",
                expected="tars that lie elsewhere, too",
                remedy="If you trust it, copy its folder to this machine",
            )
        return manifest


_FIRST, _LAST = b',\n  "shards": [\n', b"\n  ]\n}"
"""What stands before and behind the lines of the shards, as `dump` writes them."""


def _parsed(data: bytes) -> Manifest:
    """A manifest from its file.

    Raises:
        ValidationError: It is malformed.
    """
    begin, end = data.find(_FIRST), data.rfind(_LAST)
    if 0 <= begin < end and not data[end + len(_LAST) :].strip():
        # Whatever is wrong with a part, or only written in another way, is for the whole, below.
        with suppress(ValueError):
            head = json.loads(data[:begin] + b"}")
            return Manifest.model_validate({**head, "shards": read_lines(data, begin + len(_FIRST), end)})
    return Manifest.model_validate_json(data)


def manifest_url(url: str | Path) -> str:
    """The place of a manifest, given that place or its folder."""
    return str(url) if split(url)[1] == FILE else join(url, FILE)


def folder_of(url: str | Path) -> str:
    """The folder of a set of shards, given that folder or its manifest."""
    return split(url)[0] if split(url)[1] == FILE else str(url).rstrip("/") or "/"


def _absence(place: str) -> ManifestError:
    """What to do about a folder without a manifest depends on what else lies there."""
    folder = split(place)[0]
    if folder.endswith(".tar") or "{" in folder:
        return _unadopted(place, "tars instead of a set of shards", folder)
    names = names_in(folder)
    tars = sum(name.endswith(".tar") for name in names)
    # An index is written beside each tar of a build, before the tar itself.
    if tars and not any(name.endswith(index.SUFFIX) for name in names):
        return _unadopted(place, f"{tars:,} tars that others made", folder)
    return ManifestError(
        f"there is no {place}",
        found="" if names else "an empty folder, or none",
        expected="a folder of shards with its manifest",
        remedy="Give the folder that `headrace build` or `headrace index` wrote; it has no manifest before they have "
        "ended, so run an unfinished one again",
    )


def _unadopted(place: str, found: str, tars: str) -> ManifestError:
    return ManifestError(
        f"there is no {place}",
        found=found,
        expected="shards with their manifest and indices",
        remedy=f"`headrace index '{tars}'` makes these for tars that others made; then stream the folder that it names",
    )


def _refusal(place: str, error: ValidationError) -> ManifestError:
    details = error.errors(include_url=False)
    for detail in details:
        if detail["loc"] == ("format_version",):
            return ManifestError(
                f"{place} is of another version of the format",
                found=f"format_version {detail['input']!r}",
                expected=str(FORMAT_VERSION),
                remedy="Read it with the headrace that wrote it, or build the shards again",
            )
    shown = [f"{'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}" for each in details[:3]]
    more = f" (and {len(details) - 3} more)" if len(details) > 3 else ""
    return ManifestError(
        f"{place} is not a manifest",
        found="; ".join(shown) + more,
        expected=f"what headrace writes in version {FORMAT_VERSION} of the format",
        remedy="If the file was edited or only partly copied, take it again from where it came",
    )
