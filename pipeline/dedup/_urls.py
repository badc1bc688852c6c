"""When two URLs are the same address.

1. White space around it is left out.
2. The scheme and the host are in lower case; a dot at the host's end and the scheme's default port are left out.
3. A percent escape of an unreserved character (letter, digit, `-._~`) is that character; others are in upper case
   (RFC 3986, sections 2.3 and 6.2.2).
4. `.` and `..` in the path are resolved; an empty path is `/`.
5. The fragment is left out.
6. Tracking parameters are left out of the query, the others keep their order; an empty query is none.

Nothing else: `http` and `https`, `www.` and none, a slash at the end and none can be different pages. What is no URL
stands as it is.
"""

import re
from collections.abc import Sequence
from fnmatch import translate
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

TRACKING = (
    "utm_*",  # Google Analytics, and most others since
    "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "srsltid", "_ga", "_gl",  # Google
    "fbclid", "igshid", "igsh",  # Meta
    "msclkid", "yclid", "twclid", "ttclid", "li_fat_id", "epik",  # Microsoft, Yandex, X, TikTok, LinkedIn, Pinterest
    "mc_cid", "mc_eid", "_hsenc", "_hsmi", "mkt_tok", "vero_id", "oly_anon_id", "oly_enc_id",  # newsletters
)  # fmt: skip
"""Parameters that say how a reader came to a page, and never which page it is."""

_PORTS = {"http": ":80", "https": ":443", "ftp": ":21", "ws": ":80", "wss": ":443"}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normalized_url(url: str, tracking: Sequence[str] = TRACKING) -> str:
    """A URL by the rules above.

    Args:
        url: Any text.
        tracking: Patterns, in lower case, of the parameters that are left out; `*` stands for anything.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    host = _host(parts.netloc, parts.scheme)
    if not parts.scheme or not host.rpartition("@")[2]:
        return text
    return urlunsplit(
        (
            parts.scheme,
            host,
            _resolved(_unescaped(parts.path)) or "/",
            _query(parts.query, _pattern(tuple(tracking))) if parts.query else "",
            "",
        )
    )


def _host(netloc: str, scheme: str) -> str:
    user, at, host = netloc.rpartition("@")
    port = re.escape(_PORTS.get(scheme, ":"))
    # Whatever there is of them: what is normalised must stay so.
    host = re.sub(rf"(?:{port}|:|\.)+$", "", host.lower())
    name, colon, other = host.rpartition(":") if not host.endswith("]") else ("", "", "")
    return f"{user}{at}{name.rstrip('.')}{colon}{other}" if colon else f"{user}{at}{host}"


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_unescape, text) if "%" in text else text


def _unescape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _resolved(path: str) -> str:
    """The path without `.` and `..` (RFC 3986, section 5.2.4)."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    end = "/" if segments[-1] in (".", "..") and kept else ""
    return f"{segments[0]}/{'/'.join(kept)}{end}"


def _query(query: str, tracking: re.Pattern[str]) -> str:
    fields = [_unescaped(field) for field in query.split("&") if field]
    return "&".join(field for field in fields if not tracking.fullmatch(field.partition("=")[0].lower()))


@lru_cache(maxsize=16)
def _pattern(tracking: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, tracking)) or r"(?!)")
