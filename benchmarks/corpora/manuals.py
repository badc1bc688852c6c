"""Which manuals are fetched: HTML pages from Debian packages, in several languages and several versions."""

import re
from dataclasses import dataclass
from pathlib import Path

from .packages import Package


@dataclass(frozen=True)
class Manual(Package):
    """The HTML pages of one Debian package.

    Args:
        language: Of its pages, ISO 639-1; None where it holds several, each below a folder named after it.
    """

    language: str | None = None

    def language_of(self, page: Path) -> str:
        """The language of a page, ISO 639-1, given its path inside the package."""
        if self.language is not None:
            return self.language
        tags = (re.fullmatch(r"([a-z]{2})([-_][A-Za-z]+)?", part) for part in page.parts)
        return next((tag[1] for tag in tags if tag), "en")


def _translated(package: str, languages: str, plain: str = "") -> list[Manual]:
    """A package for each language, named after it; the one in the language `plain` is named without it."""
    own = [Manual(package, language=plain)] if plain else []
    return [*own, *(Manual(f"{package}-{tag}", language=tag[:2]) for tag in languages.split())]


MANUALS = (
    Manual("debian-handbook", "bullseye"),
    Manual("debian-handbook", "bookworm"),
    Manual("installation-guide-amd64"),
    Manual("python3.9-doc", "bullseye", "en"),
    Manual("python3.11-doc", "bookworm", "en"),
    Manual("python3.13-doc", "trixie", "en"),
    Manual("postgresql-doc-13", "bullseye", "en"),
    Manual("postgresql-doc-15", "bookworm", "en"),
    Manual("postgresql-doc-17", "trixie", "en"),
    Manual("cppreference-doc-en-html", language="en"),
    *_translated("libreoffice-help", "en-us de es fr it ja pt ru zh-cn"),
    *_translated("debian-reference", "en de es fr it ja pt zh-cn"),
    *_translated("developers-reference", "de fr ja ru", plain="en"),
    *_translated("maint-guide", "de es fr ja ru zh-cn", plain="en"),
    *_translated("aptitude-doc", "en es fr ja"),
)

CRAWLED = (
    "debian-handbook_bookworm",
    "libreoffice-help-de_bookworm",
    "libreoffice-help-en-us_bookworm",
    "libreoffice-help-fr_bookworm",
    "postgresql-doc-15_bookworm",
    "postgresql-doc-17_trixie",
    "python3.11-doc_bookworm",
    "python3.13-doc_trixie",
)
"""The sources that the crawl goes through: some 270 MB of HTML, among them two versions each of two manuals."""
