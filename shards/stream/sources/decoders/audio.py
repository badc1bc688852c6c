"""Sound as arrays, by the package soundfile, which `pip install 'headrace[audio]'` brings."""

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compressed import LIMIT


class Audio(NamedTuple):
    """Sound as it was recorded.

    Args:
        samples: float32 (frames, channels), from -1 to 1.
        rate: Frames per second.
    """

    samples: NDArray[np.float32]
    rate: int


def decode_audio(data: bytes) -> Audio:
    """A WAV, FLAC, Ogg or MP3 file.

    Raises:
        ValueError: It unpacks to more than 1 GiB.
        soundfile.LibsndfileError: It is none, or damaged.
        ImportError: The package soundfile is not installed.
    """
    import soundfile

    with soundfile.SoundFile(io.BytesIO(data)) as file:
        if (size := file.frames * file.channels * 4) > LIMIT:
            raise ValueError(f"it unpacks to {size:,} bytes, more than {LIMIT:,}")
        return Audio(file.read(dtype="float32", always_2d=True), file.samplerate)
