"""A local server that answers like SearXNG: its paths, formats, response shapes and errors, and faults on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

FAULTS = (
    "500",
    "503",
    "429",
    "302",
    "404",
    "html",
    "broken",
    "list",
    "shape",
    "hang",
    "drip",
    "huge",
    "cut",
    "nothing",
)


def result(title: str, url: str, content: str, **more: Any) -> dict[str, Any]:
    """A result with the fields SearXNG gives it (searx.result_types, `MainResult` and older dicts)."""
    parts = urlsplit(url)
    return {
        "url": url,
        "title": title,
        "content": content,
        "thumbnail": "",
        "engine": "brave",
        "template": "default.html",
        "parsed_url": [parts.scheme, parts.netloc, parts.path, "", parts.query, parts.fragment],
        "img_src": "",
        "iframe_src": "",
        "audio_src": "",
        "priority": "",
        "engines": ["brave", "duckduckgo"],
        "positions": [1, 2],
        "score": 3.0,
        "category": "general",
        "publishedDate": None,
        **more,
    }


class SearxngStandIn:
    """The server. It finds those of `pages` that hold a word of the query; `formats` are what its settings allow.

    Set `fault` to one of `FAULTS` to break it. `asked` are (path, parameters) in their order.
    """

    def __init__(self) -> None:
        self.pages: list[dict[str, Any]] = []
        self.formats = ["html", "json"]
        self.silent: list[list[str]] = []
        self.fault: str | None = None
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stop = threading.Event()
        self.address = ""

    def keep(self, *pages: dict[str, Any]) -> None:
        self.pages += pages

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, str, str]:
        """(status, content type, text)"""
        self.asked.append((path, query))
        if path == "/config":
            return 200, "application/json", json.dumps({"version": "2026.11.1+abcdef0", "engines": [], "plugins": []})
        if path == "/healthz":
            return 200, "text/plain", "OK"
        if path != "/search":
            return 404, "text/html", "<!doctype html><title>Page not found</title>"
        wanted = query.get("format", "html")
        if wanted not in self.formats:
            return 403, "text/html", "<!doctype html><title>403 Forbidden</title>"
        if not query.get("q"):
            return 400, "application/json", json.dumps({"error": "No query"})
        return 200, "application/json", json.dumps(self._found(query["q"]))

    def _found(self, text: str) -> dict[str, Any]:
        words = set(text.casefold().split())
        found = [page for page in self.pages if words & set(f"{page['title']} {page['content']}".casefold().split())]
        return {
            "query": text,
            "number_of_results": 0,
            "results": found,
            "answers": [],
            "corrections": [],
            "infoboxes": [],
            "suggestions": ["another search"],
            "unresponsive_engines": self.silent,
        }


def _faulty(fault: str, whole: str) -> tuple[int, str]:
    match fault:
        case "html":
            return 200, "<!doctype html><title>Welcome</title>"
        case "broken":
            return 200, whole[:-20]
        case "list":
            return 200, "[1, 2]"
        case "shape":
            return 200, json.dumps({"results": {"needle": 1}})
        case "nothing":
            return 200, ""
        case _:
            return int(fault), "<!doctype html><title>fault</title>"


class _Handler(BaseHTTPRequestHandler):
    stand_in: SearxngStandIn

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        status, kind, text = self.stand_in.answer(parts.path, query)
        fault = self.stand_in.fault
        try:
            if fault in ("hang", "drip", "huge", "cut"):
                self._odd(fault, text.encode())
                return
            if fault is not None:
                status, text = _faulty(fault, text)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())
        except OSError:  # the client did not wait
            return

    def _odd(self, fault: str, body: bytes) -> None:
        if fault == "hang":
            self.stand_in.stop.wait(20)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) + 1_000_000_000))
        self.end_headers()
        if fault == "cut":
            self.wfile.write(body)
            return
        while not self.stand_in.stop.wait(0.05 if fault == "drip" else 0):
            self.wfile.write(b" " * (1 if fault == "drip" else 100_000))

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def searxng(pages: Sequence[dict[str, Any]] = ()) -> Generator[SearxngStandIn]:
    """A running stand-in."""
    stand_in = SearxngStandIn()
    stand_in.keep(*pages)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"stand_in": stand_in}))
    server.daemon_threads = True
    stand_in.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()
