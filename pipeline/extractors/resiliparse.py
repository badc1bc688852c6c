"""HTML to text by Resiliparse, whose main-content rules are built for web crawls."""

import json
from dataclasses import dataclass

import pyarrow as pa
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from ._html_text import decode_html
from .base import Extractor


@dataclass(frozen=True)
class Resiliparse(Extractor):
    """Extracts the text of a page.

    Args:
        main_content: Leave navigation, headers, footers and the like out.
        links: Keep the targets of links.
        alt_texts: Keep the alternative texts of images.
        preserve_formatting: Keep paragraphs, lists and line breaks.
    """

    reads = "content"
    writes = "text"
    main_content: bool = True
    links: bool = False
    alt_texts: bool = False
    preserve_formatting: bool = True

    def extract(self, batch: pa.RecordBatch) -> tuple[pa.Array, list[str | None]]:
        """The text of each page; one that cannot be parsed is null, with the parser's complaint."""
        texts: list[str | None] = []
        errors: list[str | None] = []
        metas = batch.column("meta").to_pylist()
        for page, meta in zip(batch.column("content").to_pylist(), metas, strict=True):
            try:
                texts.append(self._text(decode_html(page, json.loads(meta).get("charset") or "")))
                errors.append(None)
            except Exception as error:  # a parser in C++ met by a hostile page: whatever it raises, the page failed
                texts.append(None)
                errors.append(f"{type(error).__name__}: {error}")
        return pa.array(texts, pa.large_string()), errors

    def _text(self, html: str) -> str:
        text: str = extract_plain_text(
            HTMLTree.parse(html),
            main_content=self.main_content,
            links=self.links,
            alt_texts=self.alt_texts,
            preserve_formatting=self.preserve_formatting,
        )
        # Lone surrogates (from &#xD800;) have no UTF-8; NUL ends strings in too many tools that read text later.
        return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
