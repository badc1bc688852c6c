"""What is taken for an e-mail address, a public IP address or a phone number, at a place that may be one.

Each function gets the whole buffer, the bounds of the document and the place, and gives the span of what it takes, or
None. All are bytes: addresses are ASCII, and a character beyond it ends one.
"""

import re
from collections.abc import Callable, Mapping
from ipaddress import AddressValueError, IPv4Network, IPv6Address, IPv6Network

from ..kernels.address_candidates import AMERICAN, AT, EMAIL, INTERNATIONAL, IPV4, IPV6, LABELLED

Span = tuple[int, int]
Look = Callable[[memoryview, int, int, int], Span | None]

_LOCAL = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+~-")
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
MAX_LOCAL = 64

_DOMAIN = re.compile(rb"[A-Za-z0-9.-]+")
_LABEL = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_TOP_LEVEL = re.compile(rb"[A-Za-z]{2,24}|xn--[A-Za-z0-9-]+", re.IGNORECASE)

RESERVED_DOMAINS = (b"example", b"example.com", b"example.net", b"example.org", b"invalid", b"localhost", b"test")
"""RFC 2606: nobody's."""

FILE_TYPES = frozenset(b"png jpg jpeg gif svg webp ico css js json html xml pdf zip".split())
"""`icon@2x.png` is a file."""

SPECIAL_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
    )
)
"""IANA's registry of special-purpose addresses: private, shared, loopback, link-local, documentation, multicast."""

_SPECIAL_RANGES = [(int(network[0]), int(network[-1])) for network in SPECIAL_IPV4]

SPECIAL_IPV6 = (IPv6Network("2001:db8::/32"), IPv6Network("3fff::/20"))
"""Of 2000::/3, the ranges for documentation."""

MIN_NUMBER, MAX_CHAPTER = 32, 6
"""Four numbers that are all smaller, or have no more digits, are a version or a chapter: `12.4.2.1`, `53.2.2.1`; of all
addresses one in 2,000 is such."""

_FOUR_NUMBERS = re.compile(rb"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})")
_VERSION_WORD = re.compile(
    rb"(?:\bv|\bver|\bversions?|\brelease|\bbuild|\bfirmware|\bdriver|\bchapter|\bsection)\.?\s?:?\s?\Z", re.IGNORECASE
)
_GROUPS = re.compile(rb"[23][0-9A-Fa-f]{3}(?::[0-9A-Fa-f]{0,4}){2,7}")

_SEPARATOR = rb"(?:[ ./-]|\xc2\xa0|\xe2\x80\x91)?"
_MORE = rb"(?:" + _SEPARATOR + rb"(?:\([0-9]{1,4}\)|[0-9]))"
_INTERNATIONAL = re.compile(rb"\+[1-9]" + _MORE + rb"{6,24}")
_AMERICAN = re.compile(rb"(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}-)[2-9][0-9]{2}-[0-9]{4}")
_LABELLED = re.compile(rb"(?:\([0-9]{1,5}\)|[0-9])" + _MORE + rb"{5,24}")
_LABEL_WORDS = (
    *("tel", "telephone", "phone", "ph", "mobile", "cell", "cellphone", "fax", "call", "whatsapp", "gsm"),
    *("telefon", "telefax", "handy", "mobil", "tél", "téléphone", "portable", "telefono", "teléfono", "móvil"),
    *("telefone", "тел", "телефон", "факс"),
)
_UNSPACED_LABELS = ("電話", "电话", "手机", "전화")
_PHONE_LABEL = re.compile(
    rf"(?:(?<![^\W\d_])(?:{'|'.join(_LABEL_WORDS)})|{'|'.join(_UNSPACED_LABELS)})[.:：()\s]*\Z", re.IGNORECASE
)
_LABEL_REACH = 32
MIN_DIGITS, MIN_INTERNATIONAL, AMERICAN_DIGITS, MAX_DIGITS, MAX_PLAIN = 7, 9, 10, 15, 13
"""Digits in a number; more than 13 without anything between them are another number."""

_DIGITS, _NO_DIGITS = re.compile(rb"[0-9]+"), re.compile(rb"[^0-9]+")
_COUNTRY_CODE = re.compile(
    rb"1|7|2(?:[07]|1[1-368]|[2-69][0-9])|3(?:[0-469]|[578][0-9])|4(?:[013-9]|2[013])|5(?:[1-8]|[09][0-9])|6(?:[0-6]|[7-9][0-9])"
    rb"|8(?:[1246]|[0578][0-9])|9(?:[0-58]|[679][0-9])"
)
FICTIONAL = re.compile(rb"1?[2-9][0-9]{2}55501[0-9]{2}")
"""Numbers of North America that are nobody's: 555-0100 to 555-0199."""


def email(data: memoryview, start: int, stop: int, place: int) -> Span | None:
    """An address around the `@` at `place`."""
    first = place
    while first > start and data[first - 1] in _LOCAL:
        first -= 1
    if first > start and data[first - 1] == AT:
        return None
    while first < place and data[first] in b"._%+~-":
        first += 1
    found = _DOMAIN.match(data, place + 1, stop)
    if found is not None and found.end() < stop and data[found.end()] == AT:
        return None
    if found is None or not 1 <= place - first <= MAX_LOCAL or data[place - 1] == ord("."):
        return None
    domain = found[0].rstrip(b".-")
    labels = domain.lower().split(b".")
    good = len(labels) > 1 and _TOP_LEVEL.fullmatch(labels[-1]) and all(map(_LABEL.fullmatch, labels))
    reserved = any(b".".join(labels[-parts:]) in RESERVED_DOMAINS for parts in (1, 2))
    if not good or reserved or labels[-1] in FILE_TYPES:
        return None
    return first, place + 1 + len(domain)


def ipv4(data: memoryview, start: int, stop: int, place: int) -> Span | None:
    """A public address that begins at `place`, and does not look like a version."""
    found = _FOUR_NUMBERS.match(data, place, stop)
    if found is None or _touched(data, start, stop, *found.span()):
        return None
    numbers = found.groups()
    if any(int(each) > 255 or (len(each) > 1 and each.startswith(b"0")) for each in numbers):
        return None
    if all(int(each) < MIN_NUMBER for each in numbers) or sum(map(len, numbers)) <= MAX_CHAPTER:
        return None
    if _VERSION_WORD.search(bytes(data[max(start, place - 16) : place])):
        return None
    behind_slash = place - 2 >= start and data[place - 1] == ord("/") and data[place - 2] in _WORD
    address = int.from_bytes(bytes(map(int, numbers)))
    if behind_slash or any(low <= address <= high for low, high in _SPECIAL_RANGES):
        return None
    return found.span()


def ipv6(data: memoryview, start: int, stop: int, place: int) -> Span | None:
    """A public address that begins at `place`."""
    found = _GROUPS.match(data, place, stop)
    if found is None or _touched(data, start, stop, *found.span()):
        return None
    first, end = found.span()
    within = (
        first - 2 >= start and data[first - 1] == ord(":") and (data[first - 2] in _WORD or data[first - 2] == ord(":"))
    )
    if within or (end < stop and data[end] == ord(":")):
        return None
    try:
        address = IPv6Address(found[0].decode())
    except AddressValueError:
        return None
    return None if any(address in network for network in SPECIAL_IPV6) else found.span()


def international(data: memoryview, start: int, stop: int, place: int) -> Span | None:
    """A phone number with `+` and country code, whose first digit is at `place`."""
    found = _INTERNATIONAL.match(data, place - 1, stop)
    if found is None or not _COUNTRY_CODE.match(data, place, found.end()):
        return None
    plain = _DIGITS.match(data, place, stop)
    if plain is not None and plain.end() - place > MAX_PLAIN:
        return None
    return _longest(data, start, stop, place - 1, found.end(), MIN_INTERNATIONAL)


def american(data: memoryview, start: int, stop: int, place: int) -> Span | None:
    """A phone number of North America, whose area code is at `place`."""
    first = place - 1 if place > start and data[place - 1] == ord("(") else place
    found = _AMERICAN.match(data, first, stop)
    if found is None:
        return None
    trunk = first - 2 >= start and bytes(data[first - 2 : first]) in (b"1-", b"1 ")
    return _longest(data, start, stop, first - 2 * trunk, found.end(), AMERICAN_DIGITS + trunk)


def labelled(data: memoryview, start: int, stop: int, place: int) -> Span | None:
    """A number of seven digits and more behind `Tel.`, `Phone:` and the like, whose first digit is at `place`."""
    first = place - 1 if place > start and data[place - 1] == ord("(") else place
    before = bytes(data[max(start, first - _LABEL_REACH) : first]).decode("utf-8", "ignore")
    found = _LABELLED.match(data, first, stop) if _PHONE_LABEL.search(before) else None
    if found is None or _FOUR_NUMBERS.match(data, first, stop):
        return None
    return _longest(data, start, stop, first, found.end(), MIN_DIGITS)


LOOKS: Mapping[int, Look] = {
    EMAIL: email,
    IPV4: ipv4,
    IPV6: ipv6,
    INTERNATIONAL: international,
    AMERICAN: american,
    LABELLED: labelled,
}
"""By kind of candidate."""


def _longest(data: memoryview, start: int, stop: int, first: int, end: int, least: int) -> Span | None:
    """The longest part of `data[first:end]` from its beginning on that can be a phone number by itself."""
    content = bytes(data[first:end])
    digits = _NO_DIGITS.sub(b"", content)
    best = None
    for group in _DIGITS.finditer(content):
        count, last = len(_NO_DIGITS.sub(b"", content[: group.end()])), first + group.end()
        if FICTIONAL.fullmatch(digits[:count]):
            return None
        last += content[group.end() : group.end() + 1] == b")"
        before_colon = last + 1 < stop and data[last] == ord(":") and data[last + 1] in _WORD
        if least <= count <= MAX_DIGITS and not before_colon and not _touched(data, start, stop, first, last):
            best = first, last
    return best


def _touched(data: memoryview, start: int, stop: int, first: int, end: int) -> bool:
    """Whether more of the same, a letter or a digit stands right before or behind a span: then it is a part of it."""
    if first > start and (data[first - 1] in _WORD or data[first - 1] in b"+-"):
        return True
    if first - 2 >= start and data[first - 1] in b".:" and data[first - 2] in b"0123456789":
        return True
    if end == stop:
        return False
    return data[end] in _WORD or (data[end] in b".-+" and end + 1 < stop and data[end + 1] in _WORD)
