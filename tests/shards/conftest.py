"""A store that fails as it is told, over HTTP and as far as reading goes over S3; and a real S3-compatible server."""

import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest


@dataclass
class Fault:
    """What happens to the next requests: a status, or half, hang, short, wrong, stall, reset, unranged."""

    kind: str
    times: int
    name: str


@dataclass(frozen=True)
class Request:
    path: str
    begin: int
    bytes: int


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        """Clients that are gone are what is tested."""


class FaultyStore:
    """Serves a folder by ranges; every file `bucket/a/b` of it is both `http(bucket/a/b)` and `s3://bucket/a/b`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.latency = folder, 0.0
        self.requests: list[Request] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._answering, self._idle = 0, threading.Condition()
        self._ended = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def http(self, path: str) -> str:
        return f"{self.address}/{path}"

    def fail(self, kind: str, times: int = 1, name: str = "") -> None:
        """The next requests whose path contains the name meet a fault."""
        self._faults.append(Fault(kind, times, name))

    def heal(self) -> None:
        """No faults any more; those that stall go on."""
        self._faults.clear()
        self._ended.set()

    def begin(self, folder: Path) -> None:
        """Serve a folder from now on, without faults; what was asked before, and given up, counts no more."""
        self._ended.set()
        with self._idle:
            assert self._idle.wait_for(lambda: not self._answering, 60)
        self.folder, self.latency = folder, 0.0
        self.requests.clear()
        self._faults.clear()
        self._ended.clear()

    def close(self) -> None:
        self.heal()
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def _in_flight(self) -> Iterator[None]:
        with self._idle:
            self._answering += 1
        try:
            yield
        finally:
            with self._idle:
                self._answering -= 1
                self._idle.notify_all()

    def _fault(self, path: str) -> str:
        with self._lock:
            for fault in self._faults:
                if fault.times and fault.name in path:
                    fault.times -= 1
                    return fault.kind
        return ""

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                with store._in_flight():
                    self._get()

            def _get(self) -> None:
                time.sleep(store.latency)
                path = self.path.partition("?")[0]
                kind, file = store._fault(path), store.folder / path.lstrip("/")
                if kind.isdigit() or not file.is_file():
                    self._refuse(int(kind or 404))
                    return
                data, size = file.read_bytes(), file.stat().st_size
                begin, end, status = 0, size, 200
                if (asked := self.headers.get("Range", "")) and kind != "unranged":
                    first, _, last = asked.removeprefix("bytes=").partition("-")
                    begin, end, status = int(first), min(int(last) + 1 if last else size, size), 206
                    if begin >= size:
                        self._refuse(416)
                        return
                body = data[begin:end]
                with store._lock:
                    store.requests.append(Request(path.lstrip("/"), begin, len(body)))
                self._answer(kind, status, body, f"bytes {begin}-{end - 1}/{size}")

            def _answer(self, kind: str, status: int, body: bytes, where: str) -> None:
                if kind == "wrong":
                    body = bytes([body[0] ^ 1]) + body[1:]
                elif kind == "short":
                    body = body[: len(body) // 2]
                elif kind == "stall":
                    store._ended.wait(30)
                elif kind == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Range", where)
                self.end_headers()
                if kind in ("half", "hang"):
                    body, self.close_connection = body[: len(body) // 2], True
                self.wfile.write(body)
                if kind == "hang":
                    store._ended.wait(30)

            def _refuse(self, status: int) -> None:
                code = {404: "NoSuchKey", 403: "AccessDenied", 503: "SlowDown", 416: "InvalidRange"}
                body = f"<Error><Code>{code.get(status, 'InternalError')}</Code><Message>no</Message></Error>".encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


@pytest.fixture(scope="session")
def started_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyStore]:
    # One for all tests: a client of S3 takes half a second to make, for each address.
    found = FaultyStore(tmp_path_factory.mktemp("store"))
    yield found
    found.close()


@pytest.fixture
def store(started_store: FaultyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyStore]:
    """A store of the folder `store`, which is `s3://` meanwhile."""
    folder = tmp_path / "store"
    folder.mkdir()
    started_store.begin(folder)
    monkeypatch.setitem(fsspec.config.conf, "s3", _access(started_store.address))
    yield started_store
    started_store.heal()


@pytest.fixture(scope="session")
def real_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real S3-compatible server, rclone's, with a bucket `bucket`; it refuses wrong keys."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / "bucket").mkdir()
    # Buckets are folders. Without a cache of their listings, what was just written is there at once.
    options = ["--addr", "127.0.0.1:0", "--auth-key", "key,secret", "--dir-cache-time", "0"]
    command = [Path(sys.executable).with_name("rclone"), "serve", "s3", *options, folder]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server, pytest.MonkeyPatch.context() as patch:
        assert server.stderr is not None
        started = next(filter(None, (re.search(r"http://[\d.]+:\d+", line) for line in server.stderr)))
        patch.setitem(fsspec.config.conf, "s3", _access(started[0]))
        yield started[0]
        server.terminate()


def _access(address: str) -> dict[str, object]:
    # Of a range, too, rclone tells the checksum of the whole object.
    checksums = {"response_checksum_validation": "when_required", "request_checksum_calculation": "when_required"}
    client = {"region_name": "us-east-1"}
    return {
        "endpoint_url": address,
        "key": "key",
        "secret": "secret",
        "client_kwargs": client,
        "config_kwargs": checksums,
    }
