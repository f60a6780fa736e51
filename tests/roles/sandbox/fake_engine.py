"""A Docker engine that runs nothing: it writes down what a client asks for, and answers as the Engine API says.

Its containers say, in the frames of the launcher, what `says` tells; without it they go on until they are removed.
"""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["Engine", "FakeEngine", "frame", "serving"]

ABLE: dict[str, Any] = {
    "ServerVersion": "28.0.1", "OSType": "linux", "MemoryLimit": True, "SwapLimit": True, "CpuCfsPeriod": True,
    "CpuCfsQuota": True, "PidsLimit": True, "NCPU": 2, "SecurityOptions": ["name=seccomp,profile=builtin"],
}  # fmt: skip
CONTAINER = "c0ffee" * 10


def frame(kind: str, payload: bytes) -> bytes:
    """A frame as the launcher writes it."""
    return b"%c%08x" % (ord(kind), len(payload)) + payload


class Engine:
    """What it is able to do, what its containers say, and what it was asked for."""

    def __init__(self) -> None:
        self.info = dict(ABLE)
        self.images: dict[str, Any] = {"python:3.11-slim": {"Id": "sha256:1", "Config": {"Volumes": None}}}
        self.says: bytes | None = None
        self.created: list[dict[str, Any]] = []
        self.names: list[str] = []
        self.removed: list[str] = []
        self.started = threading.Event()
        self.ended = threading.Event()


class FakeEngine(socketserver.ThreadingUnixStreamServer):
    """The engine at a socket."""

    daemon_threads = True

    def __init__(self, path: str, engine: Engine) -> None:
        self.engine = engine
        super().__init__(path, _Calls)


class _Calls(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeEngine

    def log_message(self, format: str, *args: Any) -> None:
        return

    def address_string(self) -> str:
        return "client"

    def do_HEAD(self) -> None:
        self._answer({})

    def do_GET(self) -> None:
        engine, path = self.server.engine, self._path()
        if path.startswith("/images/"):
            image = engine.images.get(path.removeprefix("/images/").removesuffix("/json").replace("%3A", ":"))
            self._answer(image or {"message": "No such image"}, 200 if image else 404)
        else:
            self._answer(engine.info if path == "/info" else {})

    def do_DELETE(self) -> None:
        engine = self.server.engine
        engine.removed.append(self._path().removeprefix("/containers/"))
        engine.ended.set()
        self._answer(None, 204)

    def do_POST(self) -> None:
        engine, path = self.server.engine, self._path()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path == "/containers/create":
            engine.names += parse_qs(urlsplit(self.path).query).get("name", [])
            engine.created.append(json.loads(body))
            engine.started.clear()
            engine.ended.clear()
            self._answer({"Id": CONTAINER, "Warnings": []}, 201)
        elif path.endswith("/attach"):
            self._attach(engine)
        elif path.endswith("/wait"):
            self._wait(engine)
        elif path.endswith("/start"):
            engine.started.set()
            self._answer(None, 204)
        else:
            self._answer(None, 204)

    def _attach(self, engine: Engine) -> None:
        """Hand the connection over: first come the streams, each part behind a head of eight bytes."""
        self.wfile.write(
            b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n"
            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        )
        engine.started.wait(60)
        if engine.says is not None:
            self.wfile.write(b"\x01\x00\x00\x00" + len(engine.says).to_bytes(4, "big") + engine.says)
            engine.ended.set()
        engine.ended.wait(60)
        self.close_connection = True

    def _wait(self, engine: Engine) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()
        engine.ended.wait(60)
        self.wfile.write(b'{"StatusCode": 0}\n')
        self.close_connection = True

    def _path(self) -> str:
        path = urlsplit(self.path).path
        head, _, rest = path.removeprefix("/").partition("/")
        return f"/{rest}" if head.startswith("v1.") else path

    def _answer(self, told: Any, status: int = 200) -> None:
        content = b"" if told is None else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Api-Version", "1.44")
        self.send_header("Ostype", "linux")
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@contextmanager
def serving(folder: Path) -> Generator[tuple[Engine, str]]:
    """An engine, and the address where clients find it."""
    path = folder / "engine.sock"
    engine = Engine()
    with FakeEngine(str(path), engine) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield engine, f"unix://{path}"
        finally:
            engine.started.set()
            engine.ended.set()
            server.shutdown()
            thread.join(10)
