"""HTML to text with Resiliparse (Bevendorff et al. 2018), as in DataComp-LM (Li et al. 2024, section 4.2)."""

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import CSSParserException, DOMNode, HTMLParserException, HTMLTree

from ..batch import Batch
from ..kernels.html_nesting import nesting_bound
from ..records import PAYLOADS, contents, packed
from ._html_text import Bytes, decode_html
from .base import Extractor

MAX_DEPTH = 4000
"""Elements inside each other. Finding the main content takes time in its square: 0.3 s here. Chromium stops at 512."""


@dataclass(frozen=True)
class Resiliparse(Extractor):
    """The main text of HTML pages, with line breaks between blocks. A page without text gives an empty one.

    Args:
        main_content: Leave out what looks like navigation, advertising and other boilerplate.
        preserve_formatting: Keep line breaks, paragraphs and lists.
        list_bullets: Put a bullet or a number before a list's items.
        alt_texts: Keep the alternative texts of images.
        links: Keep the targets of links.
        comments: Keep readers' comments.
        skip_elements: CSS selectors of elements to leave out.
    """

    version = 2
    reads: ClassVar[str] = "content"
    writes: ClassVar[str] = "text"

    main_content: bool = True
    preserve_formatting: bool = True
    list_bullets: bool = True
    alt_texts: bool = False
    links: bool = False
    comments: bool = True
    skip_elements: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            self.text_of(b"<p>")
        except CSSParserException as error:
            raise ValueError(f"skip_elements holds what is no CSS selector: {error}") from None

    def extract(self, batch: Batch) -> tuple[pa.Array, list[str | None]]:
        """The text of each page; a page that cannot be parsed fails."""
        texts: list[bytes | None] = []
        errors: list[str | None] = []
        metas = batch.column("meta").to_pylist()
        for page, meta in zip(contents(batch.column(self.reads)), metas, strict=True):
            try:
                texts.append(self.text_of(page, str(json.loads(meta).get("charset") or "")).encode())
                errors.append(None)
            except (HTMLParserException, ValueError) as error:
                texts.append(None)
                errors.append(f"the page cannot be parsed: {error}")
        return packed(texts, PAYLOADS[self.writes]), errors

    def text_of(self, page: Bytes, charset: str = "") -> str:
        """The text of one page; NUL characters, which end strings in too many tools, are left out.

        Args:
            page: Its bytes.
            charset: What the HTTP header names.

        Raises:
            ValueError: Its elements are nested too deep.
        """
        html = decode_html(page, charset)
        tree = HTMLTree.parse(html)
        # The walk is slow; its tags alone nearly always tell that a page need not be walked.
        tags = np.count_nonzero(np.frombuffer(page, np.uint8) == ord("<"))
        if tags > MAX_DEPTH and nesting_bound(_ascii_tags(html, page)) > MAX_DEPTH:
            depth = _depth(tree)
            if depth > MAX_DEPTH:
                raise ValueError(f"its elements are nested {depth} deep, more than {MAX_DEPTH}")
        text: str = extract_plain_text(
            tree,
            main_content=self.main_content,
            preserve_formatting=self.preserve_formatting,
            list_bullets=self.list_bullets,
            alt_texts=self.alt_texts,
            links=self.links,
            comments=self.comments,
            skip_elements=list(self.skip_elements),
        )
        return text.replace("\0", "")


def _ascii_tags(html: str, page: Bytes) -> bytes:
    """The page with its tags in ASCII: as it stands, but for UTF-16, where every ASCII character has a zero byte."""
    content = bytes(page)
    return html.encode() if b"\0" in content else content


def _depth(tree: HTMLTree) -> int:
    """How deep the deepest node lies."""
    node: DOMNode | None = tree.document
    depth = deepest = 0
    while node is not None:
        if node.first_child is not None:
            node, depth = node.first_child, depth + 1
            deepest = max(deepest, depth)
            continue
        while node is not None and node.next is None:
            node, depth = (node.parent, depth - 1) if depth > 0 else (None, 0)
        node = node.next if node is not None else None
    return deepest


EXAMPLES: tuple[tuple[bytes, str | None], ...] = (
    (b"<html><nav>Home</nav><main><h1>Mill</h1><p>It turns.</p></main></html>", "Mill\n\nIt turns."),
    ("<p>Ein M\xfchlrad".encode("latin-1"), "Ein M\xfchlrad"),
    (b"<p>a\x00b", "ab"),
    (b"", ""),
    (b"<div>" * 10 * MAX_DEPTH, None),
)
