"""Personal data: e-mail addresses, public IP addresses and phone numbers are replaced.

Penedo et al., "The FineWeb Datasets" (2024, arXiv 2406.17557), appendix A.2: e-mail addresses and public IP addresses
are replaced, phone numbers are not, since too many other numbers look like them; here only numbers are taken that
say what they are, with `+` and country code, in the form of North America, or behind a word like `Tel.`. What is taken
stands in `_personal`, with a table of examples in its test.

What is nobody's stays: addresses at example.com and the like, private, loopback and documentation ranges, 555-0100 to
555-0199. All default replacements are such; so nothing changes when a text is redacted again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..batch import Batch
from ..kernels.address_candidates import (
    AMERICAN,
    EMAIL,
    INTERNATIONAL,
    IPV4,
    IPV6,
    LABELLED,
    Candidates,
    address_candidates,
)
from ..kernels.buffers import TextBuffers, text_buffers
from ._personal import LOOKS
from .base import Measures, Record, Rule, RuleFilter

NAMES = {
    EMAIL: "email",
    IPV4: "ipv4",
    IPV6: "ipv6",
    INTERNATIONAL: "phone",
    AMERICAN: "phone",
    LABELLED: "phone",
}
"""What a candidate may turn out to be, as in the ledger and in the parameters."""

MAX_ROUNDS = 8

CHUNK = 1 << 16
"""Candidates that are Python objects at a time: a text can be made of little else."""


@dataclass(frozen=True)
class Pii(RuleFilter):
    """Replaces what leads to a person; drops records that are full of it, if so told.

    Args:
        email: What an e-mail address becomes; null leaves them.
        ipv4: What a public IPv4 address becomes; null leaves them.
        ipv6: What a public IPv6 address becomes; null leaves them.
        phone: What a phone number becomes; null leaves them.
        max_replaced: How many replacements there may be in a record; by default any number.
    """

    edits: ClassVar[bool] = True

    email: str | None = "email@example.com"
    ipv4: str | None = "192.0.2.1"
    ipv6: str | None = "2001:db8::1"
    phone: str | None = "202-555-0100"
    max_replaced: float = np.inf

    rules = (Rule("too_much_personal_data", "replaced", high="max_replaced"),)

    def __post_init__(self) -> None:
        """Refuse a replacement that would itself be replaced."""
        for name, replacement in self._replacements.items():
            text = pa.array([replacement.decode()], pa.large_string())
            if self._redact(text)[0] is not None:
                raise ValueError(
                    f"a replacement that is itself replaced leads nowhere: {name} {replacement.decode()!r}"
                )

    @property
    def _replacements(self) -> dict[str, bytes]:
        chosen = {name: getattr(self, name) for name in NAMES.values()}
        return {name: replacement.encode() for name, replacement in chosen.items() if replacement is not None}

    def measure(self, batch: Batch) -> Measures:
        """Replace, and count what was replaced."""
        edited, edits = self._redact(batch.column("text"))
        counts = {name: [0 if edit is None else edit.get(name, 0) for edit in edits] for name in self._replacements}
        values = {name: np.array(each, np.float64) for name, each in counts.items()}
        return Measures(
            {"replaced": sum(values.values(), np.zeros(batch.num_rows)), **values}, edited=edited, edits=edits
        )

    def _redact(self, texts: pa.Array) -> tuple[pa.Array | None, list[Mapping[str, Any] | None]]:
        """The corrected column, or None where there is nothing to correct; and the account by record."""
        replacements = self._replacements
        accounts: dict[int, Counter[str]] = {}
        redacted: dict[int, str] = {}
        rows, left = list(range(len(texts))), texts
        # What was replaced may uncover what stood too close to it: once more, until nothing is found.
        for _ in range(MAX_ROUNDS):
            buffers, again = text_buffers(left), []
            for document, spans in _taken(buffers, address_candidates(buffers), replacements):
                row = rows[document]
                redacted[row], account = _replaced(buffers, document, spans, replacements)
                accounts.setdefault(row, Counter()).update(account)
                again.append(row)
            if not again:
                break
            rows, left = again, pa.array([redacted[row] for row in again], pa.large_string())
        edits: list[Mapping[str, Any] | None] = [
            dict(accounts[row]) if row in accounts else None for row in range(len(texts))
        ]
        if not redacted:
            return None, edits
        mask = np.array([edit is not None for edit in edits])
        return pc.replace_with_mask(
            texts, mask, pa.array([redacted[row] for row in sorted(redacted)], texts.type)
        ), edits


Taken = tuple[int, int, str]


def _taken(
    buffers: TextBuffers, candidates: Candidates, replacements: Mapping[str, bytes]
) -> list[tuple[int, list[Taken]]]:
    """By document, ascending: the spans that are taken, none over another, with their names."""
    data = buffers.data.data
    found: dict[int, list[Taken]] = {}
    for first in range(0, len(candidates.places), CHUNK):
        chunk = slice(first, first + CHUNK)
        columns = (candidates.documents[chunk], candidates.places[chunk], candidates.kinds[chunk])
        for document, place, kind in zip(*(column.tolist() for column in columns), strict=True):
            name = NAMES[kind]
            if name in replacements:
                span = LOOKS[kind](data, int(buffers.starts[document]), int(buffers.stops[document]), place)
                if span is not None:
                    found.setdefault(document, []).append((*span, name))
    return [(document, _apart(spans)) for document, spans in found.items()]


def _apart(spans: list[Taken]) -> list[Taken]:
    """Spans that do not overlap: of those that do, the first, and the longest of those that begin together."""
    kept: list[Taken] = []
    for span in sorted(spans, key=lambda each: (each[0], -each[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _replaced(
    buffers: TextBuffers, document: int, spans: Sequence[Taken], replacements: Mapping[str, bytes]
) -> tuple[str, Counter[str]]:
    """A document with its spans replaced; how many of each name there were, and bytes more than before."""
    position, stop = int(buffers.starts[document]), int(buffers.stops[document])
    size, pieces, counts = stop - position, [], Counter[str]()
    for first, end, name in spans:
        pieces += [buffers.data[position:first].tobytes(), replacements[name]]
        position = end
        counts[name] += 1
    content = b"".join([*pieces, buffers.data[position:stop].tobytes()])
    return content.decode(), Counter({**counts, "bytes": len(content) - size})


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text="Write to miller@mill.net, or call +49 89 1234567."), None),
    (Record(url=None, meta={}, text="The wheel was last logged in from 81.2.69.142."), None),
)
