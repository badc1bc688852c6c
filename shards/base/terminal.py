"""Where commands print: wrapped for the eyes in a terminal, never in a pipe or a file."""

from rich.console import Console

_UNBOUNDED = 1_000_000
"""Columns of what is no terminal: no line is as long."""


def terminal() -> Console:
    """Standard output; a line that goes elsewhere than to a terminal is never broken, so that it can be searched."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _UNBOUNDED
    return console


def printable(text: str) -> str:
    """A name that somebody else chose, with escapes for what would steer a terminal or is no Unicode."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
