"""The demo: the commands a user would type, one after the other, from a raw crawl to probed models."""

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from .base.errors import HeadraceError, InputError, Interrupted

_QUICK = ("steps=20",)


class DemoError(HeadraceError):
    """One of the demo's commands failed."""


@dataclass(frozen=True)
class Step:
    """One command line and what it is for."""

    why: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Demo:
    """What is run on what.

    Args:
        data: The folder with the recipes and the data (`examples/demo` of a clone).
        out: The folder that gets all outputs.
        quick: Train for a few steps only, to see that everything works.
    """

    data: Path
    out: Path
    quick: bool = False

    def steps(self) -> Iterator[Step]:
        """The command lines in order; a line may depend on what the ones before it wrote."""
        yield self._plant()
        yield self._build(
            "text", "Curate the crawl: extract, filter, deduplicate, decontaminate, tokenize", "crawl/*.warc.gz"
        )
        yield self._build("images", "Curate an archive of small labelled pictures")
        yield self._build("images-test", "Those of them that are for testing, as a set of its own")
        yield self._build("photos", "Curate photographs; some are bad on purpose")
        for name in ("text", "images", "images-test", "photos"):
            yield Step(f"Hold the shards of {name} against their manifest", ("headrace", "verify", self._path(name)))
        yield self._look_up()
        yield self._explain()
        yield self._stream()
        yield self._train("mlm", {"data.url": "text"}, "Train a masked language model on the text")
        sets = {"data.url": "images", "probe.test_url": "images-test"}
        yield self._train("mae", sets, "Train a masked autoencoder on the pictures")
        for name in ("mlm", "mae"):
            why = f"Probe the features of {name}, next to the same network untrained and to raw input"
            yield Step(why, ("headrace", "eval", self._path(name)))
        yield self._report()

    @property
    def report(self) -> Path:
        """The page that comes out."""
        return self.out / "report.html"

    def check(self) -> None:
        """See that the data is there.

        Raises:
            InputError: It is not.
        """
        if not (self.data / "text.yaml").is_file():
            raise InputError(
                f"the demo's data is not in {self.data}",
                found="no text.yaml there" if self.data.is_dir() else "no such folder",
                expected="the folder examples/demo of a clone of the repository",
                remedy="Run `headrace demo` from the root of a clone, or pass --data PATH/TO/examples/demo",
            )

    def _plant(self) -> Step:
        script, crawl = self.data / "plant_benchmark.py", self.data / "data" / "crawl"
        benchmark = self.data / "data" / "benchmark" / "HumanEval.jsonl.gz"
        command = ("python", script, "--crawl", crawl, "--benchmark", benchmark, "--out", self._path("crawl"))
        return Step("Paste benchmark items into pages of a crawl, to see them found again", tuple(map(str, command)))

    def _build(self, name: str, why: str, source: str = "") -> Step:
        moved = (f"inputs.0.path={self.out.resolve() / source}",) if source and not self._beside_data() else ()
        return Step(why, ("headrace", "build", str(self.data / f"{name}.yaml"), "--out", self._path(name), *moved))

    def _look_up(self) -> Step:
        planted = str(self.out / "crawl" / "planted.json")
        command = ("python", str(self.data / "check_planted.py"), "--planted", planted, "--build", self._path("text"))
        return Step("See that the pages with benchmark items were found, and none was kept", command)

    def _explain(self) -> Step:
        planted = json.loads((self.out / "crawl" / "planted.json").read_text(encoding="utf-8"))
        why = f"Ask for the whole story of the page with {planted[0]['item']}"
        return Step(why, ("headrace", "explain", self._path("text"), planted[0]["url"]))

    def _stream(self) -> Step:
        command = ("headrace", "stream", self._path("text"), "--window", "128", "--bench", "--seconds", "2")
        return Step("Stream the shards, and see how fast", command)

    def _train(self, name: str, sets: Mapping[str, str], why: str) -> Step:
        moved = () if self._beside_data() else (f"{key}={self.out.resolve() / built}" for key, built in sets.items())
        command = ("headrace", "train", str(self.data / f"{name}.yaml"), "--out", self._path(name), *moved)
        return Step(why, command + (_QUICK if self.quick else ()))

    def _report(self) -> Step:
        folders = [self._path(name) for name in ("text", "images", "photos", "mlm", "mae")]
        why = "Compose what all of them reported into one page"
        return Step(why, ("headrace", "report", *folders, "-o", str(self.report)))

    def _path(self, name: str) -> str:
        return str(self.out / name)

    def _beside_data(self) -> bool:
        """Whether the outputs lie where the recipes look for them, which they name relative to themselves."""
        return self.out.resolve() == (self.data / ".." / ".." / "demo").resolve()


def run(data: Path, out: Path, quick: bool) -> None:
    """Run the demo; run again, it goes on where it stopped.

    Raises:
        InputError: The demo's data is missing.
        DemoError: A command failed; those after it were not run.
        Interrupted: The user stopped it.
    """
    demo = Demo(data, out, quick)
    demo.check()
    console = Console(highlight=False, soft_wrap=True)
    started = time.monotonic()
    for number, step in enumerate(demo.steps(), 1):
        _announce(console, number, step)
        before = time.monotonic()
        _run(step)
        console.print(Text(f"{time.monotonic() - before:.1f} s", style="dim"))
    console.print(f"\nAll of it took {time.monotonic() - started:.0f} s. The report:")
    console.print(Text(str(demo.report.resolve())))


def _announce(console: Console, number: int, step: Step) -> None:
    console.print(Text.assemble(f"\n{number}. ", (step.why, "bold")))
    console.print(Text.assemble(("$ ", "bold green"), (shlex.join(step.command), "green")))


def _run(step: Step) -> None:
    sys.stdout.flush()
    with subprocess.Popen(_arguments(step.command)) as process:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            # The terminal told the command as well; it puts its work in order before it ends.
            process.wait()
            raise Interrupted(
                "what the demo has done is kept", remedy="Run the same line again: it goes on where it stopped"
            ) from None
    if code:
        raise DemoError(
            "the demo stopped, because a command failed",
            found=f"exit code {code} of `{shlex.join(step.command)}`; its own message stands above",
            remedy="Mend what it says, then run the same `headrace demo` line again: it goes on from here",
        )


def _arguments(command: Sequence[str]) -> list[str]:
    """The command line as this very installation runs it, whatever `headrace` and `python` are on the PATH."""
    programs = {"headrace": [sys.executable, "-m", "headrace.shards"], "python": [sys.executable]}
    return [*programs[command[0]], *command[1:]]
