"""What `headrace index` prints."""

from ..base.counts import counted
from .adopt import Adoption


def show(adoption: Adoption) -> None:
    """Print what was adopted, and what there is to beware of."""
    manifest = adoption.manifest
    size = int(manifest.shards.bytes.sum())
    shards, samples = counted(len(manifest.shards), "tar"), counted(manifest.samples, "sample")
    print(f"{shards} of {size / 1e6:,.1f} MB in all, with {samples} of {', '.join(manifest.fields) or 'no field'}.")
    if adoption.unchanged:
        print(f"{counted(adoption.unchanged, 'tar')} had been looked through before.")
    for name, reason in adoption.left_out.items():
        print(f"Left out: {name}: {reason}")
    for warning in warnings(adoption):
        print(f"Beware: {warning}")
    print(f"Written to {adoption.folder}; stream it as {adoption.folder}, see `headrace stream {adoption.folder}`.")


def warnings(adoption: Adoption) -> list[str]:
    """What another reader of the same tars might take differently, or somebody might have meant differently."""
    found = []
    entries = adoption.entries
    if any(entry.passed_over for entry in entries):
        count = counted(sum(entry.passed_over for entry in entries), "file")
        example = next(entry.passed_over_example for entry in entries if entry.passed_over)
        found.append(f"{count} with names that are no `<key>.<field>` are left out, as WebDataset does ({example}).")
    if any(entry.returning for entry in entries):
        count = counted(sum(entry.returning for entry in entries), "sample")
        example = next(entry.returning_example for entry in entries if entry.returning)
        found.append(
            f"the files of some samples do not stand together in their tar. As in WebDataset the rest of their files "
            f"is another sample of the same key: {count} ({example}). Pack with `tar --sort=name` to join them."
        )
    if any(entry.trailing for entry in entries):
        entry = next(entry for entry in entries if entry.trailing)
        found.append(
            f"{entry.name} goes on for {entry.trailing:,} bytes behind its end mark, which no reader reads: perhaps "
            "tars that were written one after the other into one file."
        )
    return found
