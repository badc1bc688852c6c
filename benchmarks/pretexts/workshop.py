"""The folder in which shards are built and runs are trained; whatever is finished there is not done again.

    WORK/corpus -> the folder of `benchmarks.corpora`
    WORK/data               copies of the recipes beside this file, whose paths lead to the corpus
    WORK/recipes-PART       the same of those to train with, which are judged on that part of the data: test or held
    WORK/shards/NAME        what `headrace build data/NAME.yaml` made
    WORK/runs/ROW-KEY/N     what `headrace train` and `headrace eval` made of a row with seed N

KEY stands for the recipe with all changes and for the shards, so that a run of another recipe is another run.
"""

import hashlib
import json
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .studies import Row

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Workshop:
    """The folder.

    Args:
        folder: WORK.
        part: `test`, or `held`: on which part of the data runs are judged.
        overrides: Changes to all recipes.
    """

    folder: Path
    part: str
    overrides: tuple[str, ...] = ()

    def furnish(self, corpus: Path) -> None:
        """Put recipes and the corpus where their paths lead."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(HERE / "data", self.folder / "data", dirs_exist_ok=True)
        self._recipes.mkdir(exist_ok=True)
        for recipe in (HERE / "recipes").iterdir():
            (self._recipes / recipe.name).write_text(recipe.read_text().replace("-test", f"-{self.part}"))
        link = self.folder / "corpus"
        link.unlink(missing_ok=True)
        link.symlink_to(corpus.resolve())

    def build(self, data: str) -> None:
        """Shards to train on and to test on; what is built already is only looked at."""
        # In this order: what is tested on has the tokenizer of what is trained on.
        for name in (data, self._tests(data)):
            _headrace(self.folder, "build", f"data/{name}.yaml", "--out", f"shards/{name}")

    def run(self, row: Row, seed: int) -> Path:
        """Train and judge a row with a seed, as far as that is not done; the folder of the run."""
        run = self.run_folder(row, seed)
        if not (self.folder / run / "evals.json").exists():
            log = self.folder / run.with_suffix(".spent.jsonl")
            recipe, changes = self._recipes / f"{row.recipe}.yaml", self.changes(row, seed)
            _headrace(self.folder, "train", str(recipe), *changes, "--out", str(run), log=log)
            _headrace(self.folder, "eval", str(run), log=log)
        return self.folder / run

    def run_folder(self, row: Row, seed: int) -> Path:
        """Where a run lies, relative to WORK."""
        from headrace.shards.format.manifest import Manifest
        from headrace.trainers.recipe import read_recipe

        recipe = read_recipe(self._recipes / f"{row.recipe}.yaml", self.changes(row, 0))
        shards = [self.folder / "shards" / each for each in (row.data, self._tests(row.data))]
        parts = [recipe.dump(), *(Manifest.load(str(each)).fingerprint() for each in shards)]
        key = hashlib.blake2b(json.dumps(parts).encode(), digest_size=4).hexdigest()
        return Path("runs", f"{row.name}-{key}", str(seed))

    def changes(self, row: Row, seed: int) -> tuple[str, ...]:
        """All that differs from the recipe's file."""
        return (*row.overrides, *self.overrides, f"seed={seed}")

    @property
    def _recipes(self) -> Path:
        return self.folder / f"recipes-{self.part}"

    def _tests(self, data: str) -> str:
        return f"{data}-{self.part}"


def spent(run: Path) -> list[dict[str, Any]]:
    """What the commands for a run took: `command`, `seconds`, `cpu_seconds`; a run that was killed has several."""
    return [json.loads(line) for line in run.with_suffix(".spent.jsonl").read_text().splitlines()]


def _headrace(folder: Path, *line: str, log: Path | None = None) -> None:
    """Run a command; what it took is told in a line of a log.

    Raises:
        CalledProcessError: It failed.
    """
    command = [sys.executable, "-m", "headrace.shards", *line]
    start, before = time.monotonic(), _cpu_seconds()
    try:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    finally:
        if log is not None:
            took = {"command": line[0], "seconds": time.monotonic() - start, "cpu_seconds": _cpu_seconds() - before}
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a") as file:
                file.write(json.dumps(took) + "\n")


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
