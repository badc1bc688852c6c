"""Adopting a set of tars: each is looked through once, by threads; then the manifest is written.

What is written is an index for each tar, `adoption.jsonl` (see `journal`) and `manifest.json`; the tars stay as they
are. A run that is stopped, by whatever, goes on where it was: tars that were looked through and have not changed since
are not looked at again. A tar that cannot be adopted does not keep others from it; all of them are told at the end.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version

from ..base.counts import counted
from ..base.errors import InputError, Interrupted, ShardError
from ..base.progress import Advance, progress
from ..format.manifest import ADOPTION, Manifest, Provenance
from ..format.patience import Patience
from ..format.shard_list import Shards
from ..format.transfer import Transfer
from ..format.urls import local_path
from .journal import Entry, Journal, load
from .listing import Tar, find_tars
from .media import media_type
from .place import Place, place_of, refuse_to_overwrite
from .shard import adopt_shard, is_unchanged


@dataclass(frozen=True)
class Adoption:
    """What came of it.

    Args:
        folder: Where the manifest lies.
        manifest: The manifest.
        entries: What was found in each of its tars.
        unchanged: How many of them an earlier run had looked through.
        left_out: The tars that were left out, with the reason.
    """

    folder: str
    manifest: Manifest
    entries: tuple[Entry, ...]
    unchanged: int
    left_out: dict[str, str]


def adopt(
    patterns: Sequence[str],
    *,
    out: str | None = None,
    name: str | None = None,
    workers: int = 4,
    leave_out: bool = False,
    patience: Patience | None = None,
) -> Adoption:
    """Write what is needed to stream tars that others made.

    Args:
        patterns: Folders, tars, globs or brace patterns, local or fsspec URLs.
        out: The folder for what is written, where it cannot go beside the tars.
        name: The set's; default: its folder's.
        workers: Tars looked through at a time, in threads.
        leave_out: Leave tars out that cannot be adopted, instead of refusing.
        patience: How long and how often stores are asked.

    Raises:
        InputError: A tar cannot be found, or nothing be written.
        UsageError: The tars cannot be one set, or the folder holds another one.
        ShardError: Some tars cannot be adopted; the others are, for a later run.
        Interrupted: The user's stop.
    """
    tars = find_tars(patterns)
    place = place_of(tars, out)
    refuse_to_overwrite(place.folder)
    journal = _open_journal(place.folder)
    work = _Work(place, journal.entries, Transfer(patience or Patience()))
    try:
        entries, unchanged, refused = _look_through(work, tars, journal, workers)
    except KeyboardInterrupt:
        noted = sum(each in journal.entries for each in place.names)
        raise Interrupted(
            f"{noted:,} of {counted(len(tars), 'tar')} looked through and noted",
            remedy="Run the same line again: it goes on with the others",
        ) from None
    if refused and (not leave_out or not entries):
        raise _refusal(refused, len(tars), leave_out)
    kept = tuple(entries[each] for each in place.names if each in entries)
    manifest = _manifest(name or _name(place.folder), patterns, place, kept, refused)
    manifest.save(place.folder)
    return Adoption(place.folder, manifest, kept, unchanged, refused)


@dataclass(frozen=True)
class _Work:
    """What a thread needs to know."""

    place: Place
    known: dict[str, Entry]
    transfer: Transfer

    def look(self, tar: Tar, name: str, advance: Advance, stop: threading.Event) -> tuple[Entry, bool]:
        """A tar's entry, and whether an earlier run had made it."""
        folder = self.place.folder
        before = self.known.get(name)
        if before is not None and is_unchanged(tar, before, folder, self.transfer):
            advance(tar.bytes, note=name)
            return before, True

        def checkpoint(size: int) -> None:
            if stop.is_set():
                raise KeyboardInterrupt
            advance(size)

        advance(0, note=name)
        return adopt_shard(tar, name, folder, self.transfer, checkpoint), False


def _look_through(
    work: _Work, tars: Sequence[Tar], journal: Journal, workers: int
) -> tuple[dict[str, Entry], int, dict[str, str]]:
    """The entries of all tars by name, how many of them were known, and those that were refused, with the reason."""
    entries: dict[str, Entry] = {}
    refused: dict[str, str] = {}
    unchanged = 0
    stop = threading.Event()
    with (
        progress("index", sum(tar.bytes for tar in tars), counted=False) as advance,
        ThreadPoolExecutor(workers) as pool,
    ):
        futures: dict[Future[tuple[Entry, bool]], str] = {
            pool.submit(work.look, tar, name, advance, stop): name
            for tar, name in zip(tars, work.place.names, strict=True)
        }
        try:
            for future in as_completed(futures):
                name = futures[future]
                try:
                    entries[name], known = future.result()
                except ShardError as error:
                    refused[name] = str(error)
                    continue
                unchanged += known
                if not known:
                    journal.add(entries[name])
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
            for future, name in futures.items():
                # What ended after the last that was waited for counts, too.
                if future.done() and not future.cancelled() and future.exception() is None:
                    journal.entries[name] = future.result()[0]
            journal.save()
    return entries, unchanged, refused


def _open_journal(folder: str) -> Journal:
    """The journal of earlier runs, written once so that a place where nothing can be written is told at once."""
    journal = Journal(folder, load(folder))
    try:
        journal.save()
    except (InputError, OSError, NotImplementedError) as error:
        found = error.found if isinstance(error, InputError) else str(error)
        raise InputError(
            f"nothing can be written to {folder}",
            found=found or type(error).__name__,
            remedy="Give another folder with --out",
        ) from error
    return journal


def _manifest(
    name: str, patterns: Sequence[str], place: Place, entries: Sequence[Entry], left_out: dict[str, str]
) -> Manifest:
    fields = dict.fromkeys(field for entry in entries for field in entry.fields)
    return Manifest(
        kind="samples",
        name=name,
        fields={field: media_type(field) for field in fields},
        recipe={ADOPTION: {"patterns": list(patterns), "left_out": {**left_out}}},
        provenance=Provenance(versions={"headrace": version("headrace")}),
        tars=place.tars,
        shards=Shards.of(entry.shard() for entry in entries),
    )


def _name(folder: str) -> str:
    local = local_path(folder)
    return (folder.rstrip("/").rpartition("/")[2] if local is None else local.resolve().name) or "tars"


def _refusal(refused: dict[str, str], total: int, leave_out: bool) -> ShardError:
    shown = "; ".join(f"{name}: {reason}" for name, reason in list(refused.items())[:3])
    return ShardError(
        f"{len(refused):,} of {counted(total, 'tar')} cannot be adopted",
        found=shown + (f"; and {len(refused) - 3:,} more" if len(refused) > 3 else ""),
        remedy="See to them and run the same line again, which looks at no other tar again"
        + ("; without any there is no set" if leave_out else "; or leave them out with --leave-out"),
    )
