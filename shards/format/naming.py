r"""WebDataset's naming: the member `dogs/017.tokens.npy` is the field `tokens.npy` of the sample `dogs/017`.

The name is cut at the first dot of its last part. Ours is a subset that every reader takes the same way: keys are
free of whatever would be cut elsewhere, skipped (`__...`) or climb out of a folder when a tar is unpacked (`..`, a
leading slash, a backslash); fields are lower case, since WebDataset's reader lowers them.
"""

import re

from ..base.errors import ShardError

_KEY = re.compile(
    r"(?!__)"
    r"(?:(?!\.{1,2}/)[^/\\\x00-\x1f\x7f\ud800-\udfff]+/)*"
    r"[^./\\\x00-\x1f\x7f\ud800-\udfff]+"
)
_FIELD = re.compile(r"[a-z0-9][a-z0-9_+-]*(?:\.[a-z0-9_+-]+)*")
_MEMBER = re.compile(r"((?:.*/)?[^.]+)\.([^/]*)")
_META = re.compile(r"__[^/]*__(?:$|/)")


def check_key(key: str) -> None:
    """Refuse a key that some reader would take differently.

    Raises:
        ShardError: The key is not one or more parts joined by '/', or its last part has a dot.
    """
    if not _KEY.fullmatch(key):
        raise ShardError(
            "a sample cannot have this key",
            found=repr(key),
            expected="parts joined by '/', no '..', backslash or control character, no dot in the last part, "
            "and no '__' at the beginning",
        )


def check_field(field: str) -> None:
    """Refuse a field that some reader would take differently.

    Raises:
        ShardError: The field is not a lower-case extension such as `jpg` or `tokens.npy`.
    """
    if not _FIELD.fullmatch(field):
        raise ShardError(
            "a sample cannot have this field",
            found=repr(field),
            expected="a lower-case extension such as 'jpg' or 'tokens.npy'",
        )


def split_member(name: str) -> tuple[str, str] | None:
    """(key, field) of a member's name, or None where WebDataset's reader skips it."""
    match = _MEMBER.fullmatch(name)
    if match is None or (name.startswith("__") and _META.match(name)):
        return None
    return match[1], match[2].lower()
