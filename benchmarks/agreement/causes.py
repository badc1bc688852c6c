"""Why the two disagree, found by looking at the documents: (our filter, our reason, their reason) -> the cause."""

from collections.abc import Mapping

CAUSES: Mapping[tuple[str, str, str], str] = {}
