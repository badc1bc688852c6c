"""Whether the sources of a mixture go together: one kind, one tokenizer, one set of fields, and a name for each."""

from collections.abc import Mapping, Sequence

from ..base.errors import UsageError
from ..format.manifest import Manifest, Tokenizer


def refuse_one_name(names: Sequence[str], urls: Sequence[str]) -> None:
    """Refuse two sources of one name.

    Raises:
        UsageError: There are such.
    """
    for number, name in enumerate(names):
        if name in names[:number]:
            raise UsageError(
                f"two sources of the mixture are named '{name}'",
                found=f"{urls[names.index(name)]} and {urls[number]}",
                expected="a name for each, by which its samples, its keys and its weight are known",
                remedy="Name them in a mixture file, or as in "
                "`Stream([Part(url, 7, name='web'), Part(other, 3, name='code')])`",
            )


def refuse_other_kinds(names: Sequence[str], manifests: Sequence[Manifest]) -> None:
    """Refuse samples beside tokens, and tokens of different tokenizers, where one number means two words.

    Raises:
        UsageError: There are such.
    """
    first = manifests[0]
    for name, manifest in zip(names[1:], manifests[1:], strict=True):
        if manifest.kind != first.kind:
            raise _apart("hold different things", names[0], first.kind, name, manifest.kind)
        if _words(first.tokenizer) != _words(manifest.tokenizer):
            sides = _words(first.tokenizer), _words(manifest.tokenizer)
            raise _apart("are of different tokenizers", names[0], sides[0], name, sides[1])


def refuse_other_fields(
    names: Sequence[str], manifests: Sequence[Manifest], wanted: Sequence[Sequence[str] | None]
) -> None:
    """Refuse samples of different fields, as far as manifests know them.

    Args:
        names: What the sources are called.
        manifests: What they hold.
        wanted: Which fields of each are wanted; None for all.

    Raises:
        UsageError: There are such.
    """
    known = [
        (name, {field: kind for field, kind in manifest.fields.items() if mine is None or field in mine})
        for name, manifest, mine in zip(names, manifests, wanted, strict=True)
        if manifest.kind == "samples" and manifest.fields
    ]
    for name, fields in known[1:]:
        if fields != known[0][1]:
            raise _apart("have different fields", known[0][0], _listed(known[0][1]), name, _listed(fields))


def _words(tokenizer: Tokenizer | None) -> str:
    return f"{tokenizer.sha256[:12]}, {tokenizer.vocabulary:,} words, {tokenizer.dtype}" if tokenizer else ""


def _apart(what: str, name: str, found: str, other: str, found_there: str) -> UsageError:
    return UsageError(
        f"two sources of the mixture {what}: '{name}' and '{other}'",
        found=f"{found} in '{name}'; {found_there} in '{other}'",
        expected="sources whose samples fit into one batch",
        remedy="Choose fields that all have with `fields=`, or let a `transform=` make them alike; sources of other "
        "kinds or tokenizers need a stream of their own",
    )


def _listed(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{field} ({kind})" for field, kind in fields.items()) or "no fields"
