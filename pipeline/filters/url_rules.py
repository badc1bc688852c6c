"""URL rules: Penedo et al., "The RefinedWeb Dataset" (2023, arXiv 2306.01116), section 3.1 and appendix G.1.

RefinedWeb blocks domains by a list and scores the words of the URL: one forbidden substring or one *hard* word is
enough, of *soft* words it takes two. Here no list comes with the filter: which domains and words are unwanted is its
user's to say. A URL without host and words, or a record without URL, breaks none of these rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from ..batch import Batch
from ._addresses import address_of, is_ip, parse_domain, parse_url, parse_word, split_url, suffixes, words_of
from ._lists import Entries
from .base import Measures, Record, Rule, RuleFilter


@dataclass(frozen=True)
class UrlRules(RuleFilter):
    """Drops records by their URL.

    Args:
        domains: Unwanted domains, with everything below them; IP addresses, too.
        urls: Unwanted pages; scheme, port and fragment make no difference.
        subwords: What a URL must not hold anywhere, letters and digits taken without what stands between them.
        hard_words: What must not be a word of a URL.
        soft_words: What may be a word of a URL, but not too many of them.
        max_soft_words: How many different ones of them, at most.
        allow_ip_hosts: Whether the host may be an IP address.
        allow_missing: Whether a record may be without URL.
        skip_invalid_lines: Whether a line in a list's file that is no entry is left out with a warning; otherwise it
            is an error.
    """

    reads: ClassVar[str] = ""

    domains: Entries = field(default_factory=Entries)
    urls: Entries = field(default_factory=Entries)
    subwords: Entries = field(default_factory=Entries)
    hard_words: Entries = field(default_factory=Entries)
    soft_words: Entries = field(default_factory=Entries)
    max_soft_words: int = 1
    allow_ip_hosts: bool = True
    allow_missing: bool = True
    skip_invalid_lines: bool = False

    rules = (
        Rule("no_url", "missing", high="allow_missing"),
        Rule("blocked_domain", "blocked_domains", high=0),
        Rule("blocked_url", "blocked_urls", high=0),
        Rule("subword", "subwords", high=0),
        Rule("hard_word", "hard_words", high=0),
        Rule("soft_words", "soft_words", high="max_soft_words"),
        Rule("ip_host", "ip_hosts", high="allow_ip_hosts"),
    )

    def __post_init__(self) -> None:
        """Read the lists, so that a bad line is told before any work is done."""
        _ = self._lists

    def files(self) -> tuple[str, ...]:
        """The lists."""
        lists = (self.domains, self.urls, self.subwords, self.hard_words, self.soft_words)
        return tuple(str(file) for each in lists for file in each.files)

    def measure(self, batch: Batch) -> Measures:
        """Count what is unwanted in each URL."""
        lists = self._lists
        found = [_find(url, lists) if url and not url.isspace() else None for url in batch.column("url").to_pylist()]
        values = {"missing": np.array([each is None for each in found], np.float64)}
        for rule in self.rules[1:]:
            counts = [np.nan if each is None else len(each.get(rule.measure, ())) for each in found]
            values[rule.measure] = np.array(counts, np.float64)
        return Measures(values, evidence=found)

    @cached_property
    def _lists(self) -> "_Lists":
        skip = self.skip_invalid_lines
        return _Lists(
            self.domains.read(parse_domain, skip),
            self.urls.read(parse_url, skip),
            _Substrings(self.subwords.read(parse_word, skip)),
            self.hard_words.read(parse_word, skip),
            self.soft_words.read(parse_word, skip),
        )


class _Substrings:
    """Strings that are looked for at every place of a text, by their first characters."""

    def __init__(self, strings: Iterable[str]) -> None:
        strings = sorted(strings)
        self.width = min(map(len, strings), default=0)
        self.by_opening: dict[str, list[str]] = {}
        for each in strings:
            self.by_opening.setdefault(each[: self.width], []).append(each)

    def within(self, text: str) -> list[str]:
        """Those that stand in a text, sorted."""
        openings = {text[place : place + self.width] for place in range(len(text))} if self.width else set()
        return sorted(each for opening in openings for each in self.by_opening.get(opening, ()) if each in text)


@dataclass(frozen=True)
class _Lists:
    """The lists, ready to be looked up."""

    domains: frozenset[str]
    urls: frozenset[str]
    subwords: _Substrings
    hard_words: frozenset[str]
    soft_words: frozenset[str]


def _find(url: str, lists: _Lists) -> Mapping[str, Any]:
    """What is unwanted in a URL, by measure; a measure of which there is nothing is missing."""
    host, rest = split_url(url)
    words = words_of(host, rest)
    different = frozenset(words)
    address = address_of(host, rest)
    found = {
        "blocked_domains": [each for each in suffixes(host) if each in lists.domains][:1],
        "blocked_urls": [address] if address in lists.urls else [],
        "subwords": lists.subwords.within("".join(words)),
        "hard_words": sorted(different & lists.hard_words),
        "soft_words": sorted(different & lists.soft_words),
        "ip_hosts": [host] if is_ip(host) else [],
    }
    return {name: each for name, each in found.items() if each}


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url="https://example.org/mills/water?page=2", meta={}, text="Whatever it holds."), None),
    (Record(url=None, meta={}, text="From nowhere."), None),
)
