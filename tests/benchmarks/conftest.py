"""The benchmarks are no installed package: they are run from the root of a clone."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
