"""The pixels of every other picture, by Pillow."""

import io
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .header import Header


def decode_by_pillow(data: bytes, header: Header, channels: Literal[1, 3] | None, reduction: int) -> NDArray[np.uint8]:
    """The pixels as stored (H, W, C); for the arguments see `decode`.

    Raises:
        ValueError: It is damaged or cut off.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=(header.format,)) as image:
            if reduction > 1:
                image.draft(None, (header.width // reduction, header.height // reduction))
            # Else Pillow warns that it is lost.
            image.info.pop("transparency", None)
            grey = image.mode in ("1", "L", "LA") or image.mode.startswith("I")
            mode = "L" if channels == 1 or (channels is None and grey) else "RGB"
            # Pillow itself cuts 16 bits off at 255.
            eight_bits = Image.fromarray(_upper_bits(image)) if image.mode.startswith("I") else image
            pixels = np.array(eight_bits if eight_bits.mode == mode else eight_bits.convert(mode))
            return pixels[..., None] if mode == "L" else pixels
    except (ImportError, MemoryError):
        raise  # the machine's fault, not the picture's
    except Exception as error:
        # Pillow's decoders raise nearly anything for damaged bytes: OSError, SyntaxError, struct.error, KeyError, ...
        raise ValueError(f"a damaged {header.format}: {error}") from error


def _upper_bits(image: object) -> NDArray[np.uint8]:
    levels = np.asarray(image).astype(np.uint32)
    return ((levels + 128) // 257).astype(np.uint8)
