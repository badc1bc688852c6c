"""URL dedup: of records that come from the same address, one stays, whatever they hold."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from ..population import Population
from ._equal_keys import Keys, equal_key_steps
from ._preference import PreferringDedup
from ._urls import TRACKING, normalized_url
from .base import Steps


@dataclass(frozen=True)
class UrlDedup(PreferringDedup):
    """Drops every record whose normalised URL equals that of another one, which stays; the rules are in `_urls`.

    A record without a URL is like no other.

    Args:
        tracking: Query parameters that are no part of an address, in lower case; `*` stands for anything.
        keep: Which one stays; see `Preference`. Of crawls at different times, `newest` by `date` is the usual choice.
        by: What `keep` looks at.
    """

    reads = ""

    tracking: tuple[str, ...] = TRACKING

    def steps(self, label: str, population: Population) -> Steps:
        """Digest each URL, bring equal digests together, keep one of each.

        Raises:
            RecipeError: The preference names what is not there.
        """
        return equal_key_steps(label, population, UrlKeys(self.tracking), self.preference)


@dataclass(frozen=True)
class UrlKeys(Keys):
    """The normalised URL."""

    tracking: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The URL."""
        return ("url",)

    def of(self, batch: pa.RecordBatch) -> Iterator[bytes | None]:
        """Its UTF-8; None where there is none."""
        for url in batch.column("url").to_pylist():
            yield normalized_url(url, self.tracking).encode() if url and not url.isspace() else None
