"""Peak memory of a build, everything on from text, with one worker, of a corpus and of one ten times larger.

The smaller one is every tenth page of the larger. Memory is that of the command and all its processes, page by page
its share of what processes have in common (PSS); *anonymous* leaves out mapped files, whose pages the system takes
back at will.
"""

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from .corpora.places import Places
from .curation import FROM_TEXT, build_command
from .harness import OURS, Benchmark, Contestant, Done, Setting, Target, Timed
from .tree_memory import peak_memory

SPLIT = "1MB"
"""Less than the files of either corpus, so that both are read in pieces of this size."""
PART = 10
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "ru", "ja", "zh")


def prepare(setting: Setting) -> None:
    """The corpus' documents, one file for each language, and every tenth of them."""
    for language in LANGUAGES[:1] if setting.small else LANGUAGES:
        lines = (Places(setting.corpus).documents / f"{language}.jsonl").read_text().splitlines(keepends=True)
        for name, step in (("all", 1), ("part", PART)):
            (setting.folder / name).mkdir(exist_ok=True)
            (setting.folder / name / f"{language}.jsonl").write_text("".join(lines[::step]))


def part(folder: Path) -> Timed:
    return _headrace(folder, "part")


def whole(folder: Path) -> Timed:
    return _headrace(folder, "all")


def _headrace(folder: Path, name: str) -> Timed:
    command = build_command(folder, f"{name}/*.jsonl", FROM_TEXT, workers=1, split_bytes=SPLIT)
    size = sum(file.stat().st_size for file in (folder / name).glob("*.jsonl")) / 1e6
    outputs, numbers = TemporaryDirectory(dir=folder), count()

    def run() -> Done:
        peak = peak_memory([*command, "--out", str(Path(outputs.name, str(next(numbers))))])
        # The amount of work is one build: it is memory that is compared, not speed.
        return Done(1, {"MB of input": size, "peak memory, MB": peak.total, "of it anonymous, MB": peak.anonymous})

    return run


BENCHMARK = Benchmark(
    title="Peak memory and the size of the corpus",
    unit="builds",
    prepare=prepare,
    contestants=(Contestant("a tenth", OURS, part), Contestant("the whole corpus", OURS, whole)),
    targets=(
        Target("build, corpus 10x larger", "the whole corpus", "a tenth", most=1.2, fact="peak memory, MB"),
        Target("build, corpus 10x larger", "the whole corpus", "a tenth", most=1.2, fact="of it anonymous, MB"),
    ),
    one_core=False,
    warm_up=0,
)
