"""Publishing: the finished build's files appear in the output folder, the manifest last.

Files are linked from the tasks' folders, not moved, so that a later build of the same recipe still finds its tasks
done. Until the manifest is there, the folder holds no shards as far as any reader is concerned. Which files are ours is
written down before the first of them appears: nothing else in the folder is ever replaced or removed.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from headrace.shards.base.errors import InputError
from headrace.shards.format.atomic import write_whole


def publish(files: Mapping[str, Path], out: Path, record: Path, manifest: str) -> None:
    """Make exactly `files` appear below `out`, each atomically; what earlier builds published beside them goes.

    Args:
        files: Name below `out` -> the file as its task wrote it.
        out: The output folder.
        record: The file in which the names of what is published are kept.
        manifest: The name of the manifest, which goes before anything changes: without it there are no shards.

    Raises:
        InputError: A file of the same name lies there that no build published.
    """
    ours = set(json.loads(record.read_text(encoding="utf-8"))) if record.exists() else set()
    foreign = [name for name in files if name not in ours and (out / name).exists()]
    if foreign:
        raise InputError(
            f"the build would overwrite files in {out} that no build has written",
            found=", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""),
            remedy="Move them away, or choose another --out; then run the same line again",
        )
    (out / manifest).unlink(missing_ok=True)
    _write_record(record, ours | set(files))
    for name in ours - set(files):
        (out / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others' files are still in it
            (out / name).parent.rmdir()
    for name, source in files.items():
        _publish_one(source, out / name)
    _write_record(record, set(files))


def _publish_one(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.tmp")
    temporary.unlink(missing_ok=True)
    if target.exists() and target.samefile(source):
        return
    try:
        _link(source, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def _write_record(record: Path, names: set[str]) -> None:
    write_whole(record, json.dumps(sorted(names), indent=0).encode())
