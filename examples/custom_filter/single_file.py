"""A filter in one file, in the simple form: a function of one record; its keyword arguments are the parameters."""

from headrace.pipeline.filters.base import Drop, Record, record_filter


@record_filter("too_many_links")
def few_links(record: Record, max_links: int = 5) -> Drop | None:
    """Drops documents with many links.

    Args:
        record: One document.
        max_links: Addresses in the text, at most.
    """
    links = record.text.count("://")
    return Drop("too_many_links", value=links, threshold=max_links) if links > max_links else None


EXAMPLES = (
    (Record(url=None, meta={}, text="See https://example.org for more."), None),
    (Record(url=None, meta={}, text="https://example.org " * 9), "too_many_links"),
)
