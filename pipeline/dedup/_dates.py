"""Dates as crawls and corpora write them, as one number to order them by."""

import math
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?")
_CDX = re.compile(r"\d{14}")
_BOUND = 1 << 62


def microseconds(value: Any) -> int | None:
    """Microseconds since 1970 of a date; None for what is none.

    A number counts in seconds. A text may be ISO 8601 (also a year, or a year and month), the 14 digits of a web
    archive's index (YYYYMMDDhhmmss), or a mail's or HTTP's date (RFC 5322). Without a time zone it is UTC.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        if not math.isfinite(value):
            return None
        # Bounded before it is multiplied: a float can be finite, and a million of it not.
        seconds = max(-_BOUND, min(_BOUND, value))
        return max(-_BOUND, min(_BOUND, int(seconds * 1_000_000)))
    found = _read(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MICROSECOND


def _read(text: str) -> datetime | None:
    try:
        if match := _PARTIAL.fullmatch(text):
            return datetime(int(match[1]), int(match[2] or 1), 1)
        if _CDX.fullmatch(text):
            return datetime.strptime(text, "%Y%m%d%H%M%S")
    except ValueError:
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return parse(text)
        except (ValueError, TypeError, OverflowError):
            continue
    return None
