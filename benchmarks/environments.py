"""Each peer's environment: a venv with the versions in `peers/NAME.txt`, made by pip.

python -m benchmarks.environments [NAME ...]      make those that are missing or out of date; default: all
"""

import argparse
import subprocess
import sys
import venv
from pathlib import Path
from shutil import rmtree

from headrace.shards.base.progress import progress

from .harness import OURS

PEERS = Path(__file__).parent / "peers"
CACHE = Path.home() / ".cache" / "headrace" / "benchmarks"


def names() -> list[str]:
    """All peers' environments."""
    return sorted(file.stem for file in PEERS.glob("*.txt"))


def pinned(name: str) -> list[str]:
    """The packages that `peers/NAME.txt` pins, in lower case, those that matter first."""
    lines = (line.partition("#")[0].strip() for line in (PEERS / f"{name}.txt").read_text().splitlines())
    return [line.partition("==")[0].partition("[")[0].lower() for line in lines if line]


def pinned_versions(name: str) -> str:
    """What `peers/NAME.txt` pins, as one line."""
    lines = ((PEERS / f"{name}.txt").read_text()).splitlines()
    return ", ".join(line.replace("==", " ") for line in lines if "==" in line)


def python_of(name: str, cache: Path) -> Path:
    """The interpreter of an environment.

    Raises:
        FileNotFoundError: It was not made, or for other versions.
    """
    if name == OURS:
        return Path(sys.executable)
    if not _made(name, cache):
        raise FileNotFoundError(f"there is no environment for {name}; run `python -m benchmarks.environments {name}`")
    return cache / name / "bin" / "python"


def make(name: str, cache: Path) -> None:
    """Make an environment anew.

    Raises:
        RuntimeError: pip could not install it.
    """
    folder = cache / name
    rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    command = [*pip, "install", "--requirement", str(PEERS / f"{name}.txt")]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pip cannot install benchmarks/peers/{name}.txt:\n{done.stderr.strip()[-2000:]}")
    _stamp(name, cache).write_text(_wanted(name))


def _made(name: str, cache: Path) -> bool:
    stamp = _stamp(name, cache)
    return stamp.is_file() and stamp.read_text() == _wanted(name)


def _stamp(name: str, cache: Path) -> Path:
    """Written last: where it is, the environment is whole."""
    return cache / name / "made-from.txt"


def _wanted(name: str) -> str:
    return f"Python {sys.version}\n{(PEERS / f'{name}.txt').read_text()}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()))
    parser.add_argument(
        "--cache", type=Path, default=CACHE, metavar="DIR", help="default: ~/.cache/headrace/benchmarks"
    )
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(names())
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    missing = [name for name in arguments.names or names() if not _made(name, arguments.cache)]
    with progress("environments", len(missing)) as advance:
        for name in missing:
            make(name, arguments.cache)
            advance(note=name)


if __name__ == "__main__":
    main()
