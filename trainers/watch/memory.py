"""How much memory the training takes."""

import resource
import sys
from pathlib import Path

import torch

_STATUS = Path("/proc/self/statm")


def memory_in_use(device: torch.device) -> int:
    """Bytes: of a GPU what torch had allocated at most, of a CPU what this process holds, without its workers."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if _STATUS.exists():
        return int(_STATUS.read_text().split()[1]) * resource.getpagesize()
    # Elsewhere only the largest ever is known; macOS counts it in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
