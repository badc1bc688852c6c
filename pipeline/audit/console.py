"""`headrace audit`: what is sought, by which terms, what was found, and the exit code."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from tokenizers import Tokenizer

from headrace.shards.base.counts import counted
from headrace.shards.base.errors import InputError, UsageError
from headrace.shards.base.progress import progress

from .benchmark import Terms, digest, read_items, sought
from .scan import Found, Search, scan
from .texts import Shards, open_shards
from .texts import Text as Document
from .words import words_of

COMMON = "common all over the corpus"
"""The certificate's reason of n-grams that are excluded but in copies."""


@dataclass(frozen=True)
class Request:
    """What the command line asks for; None and () take what the manifest's certificate says, or else the usual.

    Args:
        shards: A folder of shards or one file.
        benchmarks: Files of items.
        fields: The fields to protect.
        id: The field that names an item.
        n: Words (or tokens) in an n-gram.
        text: The shards' field with the text.
        tokenizer: A `tokenizer.json`, for n-grams of tokens.
        frequent: List n-grams that more than so many documents hold.
        write: Where to write that list.
    """

    shards: str
    benchmarks: tuple[Path, ...]
    fields: tuple[str, ...] = ()
    id: str | None = None
    n: int | None = None
    text: str = ""
    tokenizer: Path | None = None
    frequent: int | None = None
    write: Path | None = None


@dataclass(frozen=True)
class Subject:
    """One benchmark: its search, and what the manifest's certificate says of it (None: nothing)."""

    search: Search
    promise: Mapping[str, Any] | None


def run_audit(request: Request) -> bool:
    """Scan, print what was found, and tell whether nothing was.

    Raises:
        HeadraceError: Shards, a benchmark or the tokenizer cannot be read, or the options contradict each other.
    """
    shards = open_shards(request.shards, request.text)
    subjects = [_subject(path, request, shards) for path in request.benchmarks]
    with progress("audit", sum(file.size for file in shards.files), counted=False) as advance:
        found, documents = _scan(shards, [subject.search for subject in subjects], advance)
    console = Console(highlight=False)
    _print(console, request, subjects, found, documents)
    if request.frequent is not None:
        _list_frequent(console, request, found)
    return not any(each.documents for each in found)


def _subject(path: Path, request: Request, shards: Shards) -> Subject:
    hashed = digest(path)
    promise, entry = next(_promises(shards.manifest, hashed), (None, {}))
    said = promise or {}
    n = request.n or said.get("n", Terms.n)
    excluded = dict(said.get("excluded", {}))
    common = frozenset(excluded.pop(COMMON, ()))
    terms = Terms(
        n=n,
        min_words=said.get("min_words", Terms.min_words),
        min_characters=said.get("min_characters", Terms.min_characters),
        excluded=frozenset(chain.from_iterable(excluded.values())),
        common=common,
        copy_share=said.get("copy_share"),
        tokens=_tokens(request.tokenizer, said),
    )
    fields = request.fields or tuple(entry.get("fields", ()))
    items = read_items(path, fields, entry.get("id", "") if request.id is None else request.id)
    looked_for = sought(items, terms, words_of)
    if not looked_for.items:
        raise InputError(f"the benchmark {path} holds no item")
    return Subject(Search(path.name, terms, looked_for), promise)


def _promises(manifest: Mapping[str, Any], hashed: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each certificate of the manifest that names this benchmark, with its entry."""
    for certificate in manifest.get("decontamination") or ():
        for entry in certificate["benchmarks"].values():
            if entry["sha256"] == hashed:
                yield certificate, entry


def _tokens(path: Path | None, promise: Mapping[str, Any]) -> Callable[[str], Sequence[str]] | None:
    if path is None:
        if promise.get("unit") == "tokens":
            raise UsageError(
                "the certificate speaks of n-grams of tokens", remedy="Give the tokenizer.json by --tokenizer"
            )
        return None
    if promise.get("tokenizer_sha256") not in (None, digest(path)):
        raise UsageError(f"{path} is not the tokenizer of the certificate", expected=str(promise["tokenizer_sha256"]))
    return tokens_of(path)


def tokens_of(path: Path) -> Callable[[str], Sequence[str]]:
    """What makes tokens of a word: those of the word behind one space.

    Raises:
        InputError: The tokenizer cannot be read.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing more specific
        raise InputError(f"{path} is no tokenizer", found=str(error)) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True

    @lru_cache(1_000_000)
    def tokens(word: str) -> tuple[str, ...]:
        return tuple(tokenizer.encode(f" {word}", add_special_tokens=False).tokens)

    return tokens


def _scan(shards: Shards, searches: Sequence[Search], advance: Callable[..., None]) -> tuple[list[Found], int]:
    documents = 0

    def texts() -> Iterator[Document]:
        nonlocal documents
        for file in shards.files:
            done = 0
            for text in file.read():
                documents += 1
                size = min(len(text[1]), file.size - done)
                done += size
                advance(size, note=file.name.rpartition("/")[2])
                yield text
            advance(file.size - done)

    return scan(texts(), searches), documents


def _print(
    console: Console, request: Request, subjects: Sequence[Subject], found: Sequence[Found], documents: int
) -> None:
    columns = ("benchmark", "items", "whole only", "not sought", "found", "documents", "excluded")
    table = Table(*columns, title=Text(f"{request.shards}: {counted(documents, 'document')}"))
    for column in table.columns[1:]:
        column.justify = "right"
    for subject, result in zip(subjects, found, strict=True):
        search = subject.search
        numbers = (search.sought.items, len(search.sought.whole), len(search.sought.unprotected))
        cells = (*numbers, len(result.items), result.documents, result.excluded)
        table.add_row(Text(search.name), *(f"{each:,}" for each in cells))
    console.print(table)
    for subject, result in zip(subjects, found, strict=True):
        console.print(Text(f"{subject.search.name}: {_terms(subject)}"), soft_wrap=True)
        for each in result.examples:
            console.print(Text(f"  item {each.item} in {each.document}: {each.ngram}"), soft_wrap=True)


def _terms(subject: Subject) -> str:
    terms, promise = subject.search.terms, subject.promise
    unit = "words" if terms.tokens is None else "tokens"
    said = f"n-grams of {terms.n} {unit}, shorter passages whole from {terms.min_words} words on"
    if promise is None:
        return f"{said}; no certificate speaks of this file"
    if promise.get("action") == "report":
        return f"{said}; the certificate reports, and guarantees nothing"
    return f"{said}; the certificate says that nothing of it is there ({promise.get('action', 'drop')})"


def _list_frequent(console: Console, request: Request, found: Sequence[Found]) -> None:
    most = request.frequent or 0
    total = sum((each.frequencies for each in found), start=type(found[0].frequencies)())
    common = sorted(" ".join(gram) for gram, count in total.items() if count > most)
    if request.write is not None:
        request.write.write_text("".join(f"{line}\n" for line in common), encoding="utf-8")
        console.print(Text(f"{_held(len(common), most)}: {request.write}"))
        return
    for line in common:
        console.print(Text(line), soft_wrap=True)


def _held(ngrams: int, most: int) -> str:
    """`1 n-gram that more than 1 document holds`."""
    return f"{counted(ngrams, 'n-gram')} that more than {counted(most, 'document')} {'holds' if most == 1 else 'hold'}"
