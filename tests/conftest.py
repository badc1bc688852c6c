"""What all tests share: the choice of slow tests, and a workshop in which small whole builds are made.

Slow tests run not at all by default, a slice of them with `--slow-slice 3/8`, every one with `--slow-slice all`.
"""

import hashlib
import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import settings

if TYPE_CHECKING:
    from headrace.pipeline.build import Built

# A suite that a shell started in the background ignores Ctrl-C, and so would everything that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A shared machine may stall any example; what is slow is marked, not timed.
settings.register_profile("headrace", deadline=None)
settings.load_profile("headrace")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow-slice", default="", help="run the slow tests too: 'all', or 'K/N' for a fixed Nth of them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = str(config.getoption("--slow-slice"))
    if wanted == "all":
        return
    turn, _, parts = wanted.partition("/")
    skip = pytest.mark.skip(reason="slow; run by scripts/test --all")
    named = [argument for argument in config.invocation_params.args if "::" in str(argument)]
    for item in items:
        if "slow" not in item.keywords or any(str(argument) in item.nodeid for argument in named):
            continue
        # A test keeps its slice whatever else is added: which slice it is depends on its name alone.
        if not parts or zlib.crc32(item.nodeid.encode()) % int(parts) != int(turn):
            item.add_marker(skip)


BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
Page = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def run_page() -> Page:
    """A function that follows a page of the documentation: its files, its programs, its commands, in their order.

    A block of `console` is a list of commands; any other one is a file, whose first line is its name in a comment, and
    a file of Python is run, unless it is for a launcher.
    """

    def follow(
        page: Path, folder: Path, environment: Mapping[str, str] = MappingProxyType({}), launched: Collection[str] = ()
    ) -> list[tuple[str, str]]:
        def run(command: list[str]) -> str:
            given = {**os.environ, **environment}
            done = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
            return done.stdout

        told = []
        for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
            if kind == "console":
                for line in text.splitlines():
                    program, *rest = shlex.split(line)
                    start = [sys.executable] if program == "python" else [sys.executable, "-m", "headrace.shards"]
                    told.append((line, run([*start, *rest])))
                continue
            name = text.splitlines()[0].removeprefix("# ")
            (folder / name).write_text(text, encoding="utf-8")
            if kind == "python" and name not in launched:
                told.append((name, run([sys.executable, name])))
        return told

    return follow


FILTERS = """
import time
from headrace.pipeline.filters.base import Drop, record_filter

@record_filter("few_words")
def few_words(record, least: int = 10, pause: float = 0.0):
    time.sleep(pause)
    if "poison" in record.text:
        raise ValueError("poison")
    count = len(record.text.split())
    return Drop("few_words", count) if count < least else None

@record_filter("weeds")
def weeds(record):
    return Drop("weeds") if "weed" in record.text.split() else None
"""

RECIPE = {
    "name": "tiny",
    "inputs": [{"path": "in/*.jsonl"}],
    "stages": ["own.py:few_words", "exact_dedup", {"minhash_dedup": {"similarity": 0.7, "ngram": 2}}, "own.py:weeds"],
    "output": {"format": "webdataset", "shard_bytes": "20KB"},
    "split_bytes": "20KB",
}
"""Fused filters, both dedups, filters behind them; several splits and shards."""

VOCABULARY = [f"word{number}" for number in range(400)] + ["weed"]


@dataclass(frozen=True)
class Workshop:
    """A folder with a corpus and a recipe: makes builds of them, and reads what they left."""

    folder: Path

    def write_corpus(self, documents: int = 240, files: int = 3, seed: int = 0) -> None:
        """Short texts, some too short, some copies or near copies of earlier ones, a few lines that cannot be read."""
        (self.folder / "in").mkdir(exist_ok=True)
        (self.folder / "own.py").write_text(FILTERS)
        draw, texts, lines = random.Random(seed), [], []
        for number in range(documents):
            words = draw.choices(VOCABULARY, k=4 if number % 10 == 3 else draw.randint(20, 40))
            if texts and number % 10 in (5, 6):
                words = draw.choice(texts).split()
                words[0] = words[0] if number % 10 == 5 else "changed"
            texts.append(" ".join(words))
            broken = '{"text": ' if number % 60 == 41 else ""
            about = {"text": texts[-1], "url": f"http://example.org/{number}", "id": number, "label": number % 7}
            lines.append(broken or json.dumps(about))
        for index in range(files):
            name = f"in/{chr(ord('a') + index)}.jsonl"
            (self.folder / name).write_text("\n".join(lines[index::files]) + "\n")

    def write_recipe(self, **changes: object) -> Path:
        """`RECIPE` with some of its keys changed."""
        path = self.folder / "tiny.yaml"
        path.write_text(yaml.safe_dump({**RECIPE, **changes}))
        return path

    def build(self, out: str = "out", *overrides: str, workers: int = 1) -> "Built":
        """Build in this process."""
        # Here, so that tests of the other packages need not wait for it.
        from headrace.pipeline.build import build

        return build(self.folder / "tiny.yaml", self.folder / out, overrides, workers)

    def command(self, *arguments: str) -> list[str]:
        """The command line `headrace ...`."""
        return [sys.executable, "-m", "headrace.shards", *arguments]

    def headrace(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `headrace ...` in the folder."""
        return subprocess.run(self.command(*arguments), cwd=self.folder, capture_output=True, text=True, check=False)

    def shards(self, out: str = "out") -> dict[str, str]:
        """The hash of every shard, index and tokenizer, and what the manifest says of them."""
        folder = self.folder / out
        found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("[st]*-*")}
        manifest = json.loads((folder / "manifest.json").read_text())
        return found | {f"manifest: {shard['name']}": json.dumps(shard) for shard in manifest["shards"]}

    def ledger(self, out: str = "out") -> pa.Table:
        """The whole ledger, in the order of the inputs."""
        parts = sorted((self.folder / out / "ledger").glob("part-*.parquet"))
        return pa.concat_tables([pq.read_table(path) for path in parts], promote_options="default")


@pytest.fixture(scope="session")
def unsynced() -> Iterator[None]:
    """Waiting for the disk is most of a small build's time, and shows only when the power fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def make_workshop(unsynced: None) -> Callable[..., Workshop]:
    """Makes workshops with the usual corpus; the recipe may be changed."""

    def make(folder: Path, **changes: object) -> Workshop:
        made = Workshop(folder)
        made.write_corpus()
        made.write_recipe(**changes)
        return made

    return make


@pytest.fixture
def workshop(tmp_path: Path, make_workshop: Callable[..., Workshop]) -> Workshop:
    """A workshop of the test's own."""
    return make_workshop(tmp_path)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, make_workshop: Callable[..., Workshop]) -> Workshop:
    """A workshop with a build in `out`, for tests that only look at it."""
    made = make_workshop(tmp_path_factory.mktemp("built"))
    made.build()
    return made
