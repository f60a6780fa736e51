"""A local HTTP server that takes messages as Apprise's json://, xml:// and form:// send them, with faults on demand."""

from __future__ import annotations

import json
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Arrived:
    """A message as it came in; `path` tells whose address it was sent to."""

    path: str
    title: str
    text: str


class MessageGateway:
    """The server. `faults` are used up one a request, then all is well: a status, or "hang" until `release` is set.

    A request that hangs is taken when it is released, as a gateway does that was slow.
    """

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self.faults: list[int | str] = []
        self.requests = 0
        self.release = threading.Event()
        self.port = 0

    def address(self, kind: str = "json", path: str = "/", user: str = "") -> str:
        return f"{kind}://{user}127.0.0.1:{self.port}{path}"

    def take(self, path: str, content_type: str, body: bytes) -> int:
        self.requests += 1
        fault = self.faults.pop(0) if self.faults else 200
        if isinstance(fault, int) and fault != 200:
            return fault
        if fault == "hang":
            self.release.wait(20)
        self.arrived.append(Arrived(path, *_read(content_type, body)))
        return 200


def _read(content_type: str, body: bytes) -> tuple[str, str]:
    if content_type.startswith("application/json"):
        message = json.loads(body)
        return message["title"], message["message"]
    if content_type.startswith("application/x-www-form-urlencoded"):
        fields = parse_qs(body.decode())
        return fields["title"][0], fields["message"][0]
    texts = {element.tag.rpartition("}")[2]: element.text or "" for element in ElementTree.fromstring(body).iter()}
    return texts["Subject"], texts["Message"]


@contextmanager
def message_gateway() -> Generator[MessageGateway]:
    """A running gateway."""
    gateway = MessageGateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = gateway.take(self.path, self.headers["Content-Type"], body)
            try:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:  # the sender did not wait
                return

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    gateway.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield gateway
    finally:
        gateway.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
