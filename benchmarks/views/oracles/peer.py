"""The cases by a library, in its own environment.

python -m benchmarks.views.oracles.peer LIBRARY FOLDER

Of the photographs in the folder it writes `FOLDER/LIBRARY.npz`, with `PHOTO-CASE` by their numbers.
"""

import importlib
import sys
from pathlib import Path

from ..decoded import read_decoded
from .cases import CASES


def main() -> None:
    """All cases of all photographs."""
    import numpy as np

    library, folder = sys.argv[1], Path(sys.argv[2])
    if library == "torchvision":
        from ...random_samples import declare_operators_of_torchvision

        declare_operators_of_torchvision()
    answer = importlib.import_module(f".{library}", __package__).answer
    found = {
        f"{photo}-{number}": made
        for photo, pixels in enumerate(read_decoded(folder))
        for number, case in enumerate(CASES)
        if (made := answer(case, pixels)) is not None
    }
    np.savez(folder / f"{library}.npz", **found)


if __name__ == "__main__":
    main()
