"""A real crawl of some of the manuals: wget follows the links of a local web server and writes gzipped WARC files."""

import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from headrace.shards.base.progress import progress

LINKS_LEFT_OUT = r"[?#]"
"""Addresses of the same file under another name."""

NOT_FOUND = 8
"""wget's exit status where the server answered some request with an error: manuals hold dead links, too."""


def crawl(sources: Sequence[str], packages: Path, folder: Path) -> None:
    """Write `folder/SOURCE.warc.gz` for each source: its HTML pages and the server's listings of its folders.

    Raises:
        RuntimeError: wget failed; with what it said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [source for source in sources if not (folder / f"{source}.warc.gz").exists()]
    with (
        TemporaryDirectory(dir=folder) as scratch,
        _served(packages) as address,
        progress("crawl", len(missing)) as advance,
    ):
        for source in missing:
            _fetch(f"{address}/{source}/", source, Path(scratch))
            (Path(scratch) / f"{source}.warc.gz").rename(folder / f"{source}.warc.gz")
            advance(note=source)


def _fetch(address: str, source: str, folder: Path) -> None:
    command = ["wget", "--recursive", "--level=inf", "--no-parent", "--delete-after", "--no-verbose"]
    command += ["--accept=html,htm", f"--reject-regex={LINKS_LEFT_OUT}", "--execute=robots=off"]
    command += [f"--warc-file={source}", address]
    done = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, NOT_FOUND):
        raise RuntimeError(f"wget failed with status {done.returncode}: {done.stderr.strip()[-2000:]}")


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files, keeps connections open and says nothing of it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each page waits 40 ms for an acknowledgement

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: wget says what fails."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """A web server on this machine only, for a folder; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
