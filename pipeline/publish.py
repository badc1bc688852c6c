"""Publishing: the finished build's files appear in the output folder, the manifest last.

Files are linked from the tasks' folders, not moved, so that a later build of the same recipe still finds its tasks
done. Until the manifest is there, the folder holds no shards as far as any reader is concerned.
"""

import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path


def publish(files: Mapping[str, Path], out: Path, owned: tuple[str, ...]) -> None:
    """Make exactly `files` appear below `out`, each atomically.

    Args:
        files: Name below `out` -> the file as its task wrote it.
        out: The output folder.
        owned: Glob patterns of what earlier builds published there: whatever of it is not in `files` is removed.
    """
    for pattern in owned:
        for path in out.glob(pattern):
            if path.is_file() and path.relative_to(out).as_posix() not in files:
                path.unlink()
    for name, source in files.items():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and target.samefile(source):
            continue
        temporary = target.with_name(f".{target.name}-{uuid.uuid4().hex[:8]}")
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
