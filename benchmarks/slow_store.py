"""A store with a round trip of its own and a capped bandwidth, on this machine. Only the standard library.

It serves a folder over HTTP with ranges, which is all of S3 that readers need: every answer begins `latency` seconds
after its request, and all answers together get `bandwidth` bytes a second, dealt out in turn. `tc netem` would need
rights that a benchmark should not ask for.

    with SlowStore(folder, latency=0.05, bandwidth=50e6) as store:
        ...                          # store.address, such as http://127.0.0.1:40001
        store.requests()             # what was asked for since it was last asked
"""

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from urllib.request import urlopen

_CHUNK = 32 << 10
_BURST = 0.1
"""Seconds of bandwidth that are not lost when they are not used at once."""
_LOG = "/-/requests"


@dataclass(frozen=True)
class Request:
    """What the store was asked for.

    Args:
        path: The file.
        bytes: Of the answer's body.
        begin: When the request came, in seconds of a clock of the store.
        end: When all of the answer was on its way.
    """

    path: str
    bytes: int
    begin: float
    end: float


def round_trips(requests: list[Request]) -> int:
    """The longest chain of requests each of which was made after the one before was answered."""
    depth = 0
    reached = -1.0
    # As for the largest set of intervals that do not overlap: always the next one to end.
    for request in sorted(requests, key=lambda each: each.end):
        if request.begin > reached:
            depth, reached = depth + 1, request.end
    return depth


class SlowStore:
    """The store in a process of its own, which ends with this one.

    Args:
        folder: What it serves.
        latency: Seconds from a request to the first byte of its answer.
        bandwidth: Bytes a second, for all answers together.
    """

    def __init__(self, folder: Path, latency: float, bandwidth: float) -> None:
        command = [sys.executable, __file__, str(folder), str(latency), str(bandwidth)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.address = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def requests(self) -> list[Request]:
        """The requests since the last call."""
        with urlopen(self.address + _LOG) as answer:
            return [Request(*each) for each in json.load(answer)]

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> "SlowStore":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class _Cap:
    """Deals out bandwidth: whoever asks first sends first."""

    def __init__(self, bandwidth: float) -> None:
        self._bandwidth, self._free = bandwidth, 0.0

    async def take(self, size: int) -> None:
        # What a busy machine was late with may be made up for, up to a bound.
        self._free = max(self._free, time.monotonic() - _BURST) + size / self._bandwidth
        await asyncio.sleep(self._free - time.monotonic())


class _Server:
    def __init__(self, folder: Path, latency: float, bandwidth: float) -> None:
        self._folder, self._latency, self._cap = folder, latency, _Cap(bandwidth)
        self._log: list[tuple[str, int, float, float]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The requests of one connection."""
        try:
            while line := await reader.readline():
                method, target, _ = line.decode().split(" ", 2)
                headers: dict[str, str] = {}
                while (header := (await reader.readline()).decode().strip()) != "":
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                await self._answer(method, unquote(target.partition("?")[0]), headers.get("range", ""), writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, asked: str, writer: asyncio.StreamWriter) -> None:
        begin = time.monotonic()
        if path == _LOG:
            body = json.dumps(self._log).encode()
            self._log = []
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            return
        await asyncio.sleep(self._latency)
        file = self._folder / path.lstrip("/")
        if not file.is_file():
            body = b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"
            writer.write(f"HTTP/1.1 404 Not Found\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            writer.write(body if method == "GET" else b"")
            return
        size = file.stat().st_size
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, stop = int(first or 0), min(int(last) + 1, size) if last else size
        status = f"206 Partial Content\r\nContent-Range: bytes {start}-{stop - 1}/{size}" if asked else "200 OK"
        head = (
            f'HTTP/1.1 {status}\r\nContent-Length: {stop - start}\r\nAccept-Ranges: bytes\r\nETag: "{size:032x}"\r\n'
            "Last-Modified: Sun, 22 Nov 2026 00:00:00 GMT\r\nContent-Type: application/octet-stream\r\n\r\n"
        )
        writer.write(head.encode())
        if method == "GET":
            with open(file, "rb") as stream:
                stream.seek(start)
                for at in range(start, stop, _CHUNK):
                    data = stream.read(min(_CHUNK, stop - at))
                    await self._cap.take(len(data))
                    writer.write(data)
                    await writer.drain()
        await writer.drain()
        self._log.append((path.lstrip("/"), stop - start if method == "GET" else 0, begin, time.monotonic()))


async def _main(folder: Path, latency: float, bandwidth: float) -> None:
    server = await asyncio.start_server(_Server(folder, latency, bandwidth).serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The parent's end of the pipe closes when it ends, however it does.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
