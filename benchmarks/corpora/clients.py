"""Package clients, run to the end; what they say is heard only where they fail."""

import subprocess
from collections.abc import Sequence
from pathlib import Path


def run(command: Sequence[str], folder: Path) -> None:
    """Run a command in a folder.

    Raises:
        RuntimeError: It failed; with what it said.
    """
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"`{command[0]}` failed: {done.stderr.strip()[-2000:]}")
