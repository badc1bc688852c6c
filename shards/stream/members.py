"""The sets of shards behind a stream, opened."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..base.errors import UsageError
from ..format.manifest import Manifest
from ..format.store import Store
from .compatibility import refuse_one_name, refuse_other_fields, refuse_other_kinds
from .parts import Part
from .sources.codecs import Codecs
from .sources.documents import DocumentSource
from .sources.fetch import Source
from .sources.samples import SampleSource
from .sources.windows import WindowSource


@dataclass(frozen=True)
class Wanted:
    """What of each set is wanted, as `Stream` takes it.

    Attributes:
        window: Length of the windows of tokens.
        documents: Whether whole documents of tokens are the samples.
        fields: The fields; None for all.
        codecs: How fields are decoded, by extension.
        store: How the files are reached.

    Raises:
        UsageError: The fields are one text.
    """

    window: int | None
    documents: bool
    fields: Sequence[str] | None
    codecs: Codecs
    store: Store

    def __post_init__(self) -> None:
        # A text is a sequence of texts, too: its letters.
        if isinstance(self.fields, str):
            raise UsageError(
                "`fields` is one text",
                found=repr(self.fields),
                expected="a list of names",
                remedy=f"Write fields=['{self.fields}']",
            )


@dataclass(frozen=True)
class Member:
    """One set of shards of a stream.

    Attributes:
        name: What it is called in a mixture.
        url: Its folder.
        manifest: What it holds.
        source: Its samples.
    """

    name: str
    url: str
    manifest: Manifest
    source: Source


def single(url: str, name: str, wanted: Wanted) -> Member:
    """The set of shards of a stream that is no mixture.

    Raises:
        ManifestError: There is no manifest, or it is malformed.
        UsageError: What is wanted does not fit the set.
    """
    manifest = Manifest.load(url)
    return Member(name, url, manifest, _source(url, manifest, wanted))


def mixed(parts: Sequence[Part], wanted: Wanted, transformed: bool) -> tuple[Member, ...]:
    """The sets of shards of a mixture.

    Args:
        parts: The sources.
        wanted: What of each is wanted; of the fields each gives those that it has.
        transformed: Whether a transform decides what is batched, so that fields may differ.

    Raises:
        ManifestError: There is no manifest, or it is malformed.
        UsageError: What is wanted does not fit a set, two have one name, or they do not go together.
    """
    manifests = [Manifest.load(part.url) for part in parts]
    names = [part.name or manifest.name for part, manifest in zip(parts, manifests, strict=True)]
    refuse_one_name(names, [part.url for part in parts])
    refuse_other_kinds(names, manifests)
    fields = [_held(name, manifest, wanted.fields) for name, manifest in zip(names, manifests, strict=True)]
    if not transformed:
        refuse_other_fields(names, manifests, fields)
    return tuple(
        Member(name, part.url, manifest, _source(part.url, manifest, replace(wanted, fields=mine)))
        for name, part, manifest, mine in zip(names, parts, manifests, fields, strict=True)
    )


def _source(url: str, manifest: Manifest, wanted: Wanted) -> Source:
    if manifest.kind == "samples":
        if wanted.window is not None or wanted.documents:
            raise UsageError(
                f"{url} holds samples, which have no windows and no documents",
                found=f"window={wanted.window}, documents={wanted.documents}",
                remedy="Leave both out",
            )
        return SampleSource(url, manifest, wanted.fields, wanted.codecs, wanted.store)
    if manifest.kind == "tokens":
        return _tokens(url, manifest, wanted)
    raise UsageError(
        f"{url} cannot be streamed",
        found=f"a set of {manifest.kind}",
        expected="a set of samples or tokens",
        remedy="Build it with `output.format: shards` or `tokens`",
    )


def _tokens(url: str, manifest: Manifest, wanted: Wanted) -> Source:
    if (wanted.window is None) != wanted.documents:
        raise UsageError(
            f"{url} holds tokens, which are read in windows or by document",
            found=f"window={wanted.window}, documents={wanted.documents}",
            expected="the length of a window, or `documents=True`",
            remedy="Say it, as in `Stream(url, window=1024)` or `--window 1024`",
        )
    if wanted.window is None:
        return DocumentSource(url, manifest, wanted.fields, wanted.store)
    if wanted.fields is not None:
        raise UsageError(
            f"{url} holds tokens, whose windows have no fields to choose", found=f"fields={list(wanted.fields)}"
        )
    return WindowSource(url, manifest, wanted.window, wanted.store)


def _held(name: str, manifest: Manifest, wanted: Sequence[str] | None) -> Sequence[str] | None:
    """The fields that are wanted of a source: those it has, where its manifest knows them."""
    if wanted is None or not manifest.fields or manifest.kind != "samples":
        return wanted
    held = [field for field in wanted if field in manifest.fields]
    if not held:
        raise UsageError(
            f"the source '{name}' has none of the fields that are wanted",
            found=", ".join(manifest.fields),
            expected=f"one of {', '.join(wanted)}",
        )
    return held
