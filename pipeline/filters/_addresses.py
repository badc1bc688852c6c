"""What block lists are held against: the host of a URL, its address and its words, in one form.

Case, port, user and scheme make no difference; a host is in the ASCII form of IDNA 2003 and without a dot at its end.
"""

import re
from contextlib import suppress
from functools import lru_cache
from urllib.parse import unquote

_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#]*@)?(?P<host>\[[^\]/?#]*\]|[^/?#:]*)(?::[0-9]*)?(?P<rest>[^#]*)",
    re.IGNORECASE | re.DOTALL,
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SEPARATORS = re.compile(r"[\W_]+")


def split_url(url: str) -> tuple[str, str]:
    """Host, normalised, and what follows it but for the fragment; a URL without `//` begins with its host."""
    text = url.strip()
    match = _URL.match(text) or _URL.match(f"//{text}")
    return ("", text) if match is None else (normalized_host(match["host"]), match["rest"])


@lru_cache(maxsize=65536)
def normalized_host(host: str) -> str:
    """A host in lower-case ASCII; one that IDNA refuses is only lowered."""
    host = unquote(host).strip().rstrip(".")
    if not host.isascii():
        with suppress(UnicodeError):
            host = host.encode("idna").decode()
    return host.lower()


def is_ip(host: str) -> bool:
    """Whether a host is an IP address, by the rule of browsers: in brackets, or a number behind the last dot."""
    return host.startswith("[") or bool(_NUMBER.fullmatch(host.rpartition(".")[2]))


def suffixes(host: str) -> list[str]:
    """The host, and every domain that it lies in; an IP address lies in none."""
    if is_ip(host):
        return [host]
    labels = host.split(".")
    return [".".join(labels[first:]) for first in range(len(labels))]


def words_of(host: str, rest: str) -> list[str]:
    """The words of a URL in lower case: runs of letters and digits, percent escapes undone."""
    text = f"{host} {rest}"
    return [word for word in _SEPARATORS.split(unquote(text).lower() if "%" in text else text.lower()) if word]


def parse_domain(entry: str) -> str:
    """A domain of a list, normalised; `*.` or `.` in front makes no difference.

    Raises:
        ValueError: It is none.
    """
    host = normalized_host(entry.removeprefix("*").removeprefix("."))
    if not is_ip(host) and not all(map(_LABEL.fullmatch, host.split("."))):
        raise ValueError("a domain")
    return host


def parse_url(entry: str) -> str:
    """A URL of a list, normalised; the scheme may be missing.

    Raises:
        ValueError: It is none.
    """
    address = address_of(*split_url(entry))
    if any(map(str.isspace, entry)) or not parse_domain(address.partition("/")[0]):
        raise ValueError("a URL")
    return address


def address_of(host: str, rest: str) -> str:
    """What two URLs of the same page have in common."""
    return f"{host}{rest if rest.startswith('/') else '/' + rest}"


def parse_word(entry: str) -> str:
    """A word of a list, in lower case.

    Raises:
        ValueError: It is not one word.
    """
    word = entry.lower()
    if not word or _SEPARATORS.search(word):
        raise ValueError("one word of letters and digits")
    return word
