"""Whether our views are what the papers and the libraries mean: operations, distributions and masks.

    python -m benchmarks.views_quality --date 2026-11-22

Needs the photographs of the corpus (`python -m benchmarks.corpora photos`) and two environments (`python -m
benchmarks.environments torchvision albumentations`). Each operation is done to the same photographs, with the same
values, by headrace, Pillow, torchvision and albumentations. Writes `results/views_quality_DATE.json` and `.md`.
"""

import argparse
import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from . import machine
from .corpora.places import CORPUS
from .environments import CACHE, pinned_versions
from .harness import Setting
from .views.decoded import write_decoded
from .views.oracles.compare import LIBRARIES, differences
from .views.oracles.laws import laws
from .views.oracles.mask_counts import mask_counts
from .views.oracles.page import as_data, as_markdown

PHOTOS = 32


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--date", required=True, type=date.fromisoformat, help="today's; it names the results")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results", metavar="DIR")
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="DIR", help="of `benchmarks.corpora`")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="of `benchmarks.environments`")
    arguments = parser.parse_args()

    with TemporaryDirectory(prefix="headrace-views-") as scratch:
        write_decoded(Setting(Path(scratch), False, arguments.corpus), "photos/427", PHOTOS)
        operations = differences(Path(scratch), arguments.cache)
    found = operations, list(laws()), list(mask_counts())

    about = machine.description()
    peers = (pinned_versions(environment) for environment in sorted(set(LIBRARIES.values())))
    circumstances = [
        f"{PHOTOS} photographs with 427 pixels on the shorter side",
        f"headrace at commit {machine.commit()}, Python {about['python']}, {about['cpu']}",
        *peers,
        f"Command: `python -m benchmarks.views_quality --date {arguments.date}`",
    ]
    arguments.out.mkdir(parents=True, exist_ok=True)
    stem = arguments.out / f"views_quality_{arguments.date}"
    stem.with_suffix(".json").write_text(json.dumps(as_data(*found), indent=1) + "\n")
    title = f"Views against the papers and other libraries, {arguments.date}"
    stem.with_suffix(".md").write_text(as_markdown(title, circumstances, *found))


if __name__ == "__main__":
    main()
