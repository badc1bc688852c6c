"""Photographs as arrays in memory, for what is done after decoding."""

from pathlib import Path
from typing import Any

from ..harness import Setting

FILE = "decoded.npz"


def write_decoded(setting: Setting, pictures: str, samples: int) -> None:
    """Decode the first pictures of a folder of the corpus."""
    import numpy as np
    from PIL import Image

    arrays: dict[str, Any] = {}
    for file in sorted((setting.corpus / pictures).iterdir())[:samples]:
        with Image.open(file) as picture:
            arrays[file.stem] = np.asarray(picture.convert("RGB"))
    np.savez(setting.folder / FILE, **arrays)


def read_decoded(folder: Path) -> list[Any]:
    """Arrays (H, W, 3), in any environment."""
    import numpy as np

    with np.load(folder / FILE) as file:
        return list(file.values())
