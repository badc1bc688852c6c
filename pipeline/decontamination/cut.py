"""Cutting what is protected out of documents.

Brown et al., "Language Models are Few-Shot Learners" (2020), appendix C: the matched 13-gram and 200 characters on both
sides of it are removed, pieces shorter than 200 characters are discarded, and a document split into more than 10 pieces
is dropped. There the pieces became documents; here a record stays a record: its pieces are joined by a blank line, and
the result is looked at again until nothing is found, so that no seam brings an n-gram back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .common import Commonness
from .findings import NOTHING_COMMON, Finding, Spans, find
from .protection import Protection
from .units import large_strings

SEAM = "\n\n"


@dataclass(frozen=True)
class Scissors:
    """How to cut.

    Args:
        context: Characters removed on both sides of what is found.
        min_piece: The shortest piece that is kept, in characters.
    """

    context: int = 200
    min_piece: int = 200


@dataclass(frozen=True)
class Cut:
    """What is left of a document.

    Args:
        text: The kept pieces, joined by a blank line; "" when there is none.
        pieces: Into how many the document was split, those that were too short to keep among them.
        removed: The spans of the document that are gone, in characters, merged and ascending.
    """

    text: str
    pieces: int
    removed: Spans


def cut(
    protection: Protection,
    texts: Sequence[str],
    findings: Sequence[Finding],
    scissors: Scissors,
    common: Commonness = NOTHING_COMMON,
) -> list[Cut]:
    """Cut what was found out of documents, and again until nothing is found.

    Args:
        protection: What is looked for.
        texts: The documents in which something was found.
        findings: What, one for each document.
        scissors: How to cut.
        common: What is let stand.
    """
    pieces: list[Spans] = [[(0, len(text))] for text in texts]
    discarded = [0] * len(texts)
    spans = {document: finding.spans for document, finding in enumerate(findings) if finding.items}
    while spans:
        for document, found in spans.items():
            whole = list(_without(pieces[document], found, scissors.context))
            pieces[document] = [piece for piece in whole if piece[1] - piece[0] >= scissors.min_piece]
            discarded[document] += len(whole) - len(pieces[document])
        documents = list(spans)
        joined = large_strings([_joined(texts[document], pieces[document]) for document in documents])
        again = find(protection, joined, common=common)
        spans = {documents[finding.row]: finding.spans for finding in again if finding.items}
    return [
        Cut(_joined(text, kept), len(kept) + lost, _gaps(kept, len(text)))
        for text, kept, lost in zip(texts, pieces, discarded, strict=True)
    ]


def _joined(text: str, pieces: Spans) -> str:
    return SEAM.join(text[start:stop] for start, stop in pieces)


def _without(pieces: Spans, found: Spans, context: int) -> Iterator[tuple[int, int]]:
    """The pieces less what was found in their joined text, with its context."""
    at = 0
    for start, stop in pieces:
        # What was found lies in the joined text, in which this piece begins at `at`.
        shift = start - at
        for first, last in found:
            if first - context + shift < stop and last + context + shift > start:
                if first - context + shift > start:
                    yield start, first - context + shift
                start = max(start, last + context + shift)
        if start < stop:
            yield start, stop
        at = stop - shift + len(SEAM)


def _gaps(pieces: Spans, length: int) -> Spans:
    edges = [0, *(edge for piece in pieces for edge in piece), length]
    return [(start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True) if start < stop]
