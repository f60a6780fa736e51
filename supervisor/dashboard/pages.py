"""Serves the dashboard's files, and nothing else of the folder they are in."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

__all__ = ["STATIC", "VENDOR", "VENDORED", "mount"]

STATIC = Path(__file__).parent / "static"
VENDOR = Path(__file__).parent / "vendor"
VENDORED = ("uPlot.iife.min.js", "uPlot.min.css")
"""What `scripts/setup.sh browser` fetches for the charts; without it the page shows tables."""

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Stricter than the API's own: nothing inline, and no text can become markup, whatever the scripts do with it."""
_SMALL = 1_000


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    packed: bytes
    kind: str
    tag: str

    @classmethod
    def read(cls, path: Path) -> _File:
        content = path.read_bytes()
        tag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
        packed = gzip.compress(content, 6, mtime=0) if len(content) > _SMALL else b""
        return cls(content, packed, _TYPES[path.suffix], tag)


def mount(app: Starlette) -> None:
    """Add the page at ``/`` and its files at ``/dashboard/…`` to the application that has the API.

    They need no token: there is nothing in them that the source code has not. The page signs in by ``POST /session``.
    Files are read once, at the first call for each.
    """
    known = {path.name: path for path in _paths()}
    read: dict[str, _File] = {}

    def answer(name: str, request: Request) -> Response:
        if name not in known:
            return Response("There is no such file.\n", 404, media_type="text/plain")
        if name not in read:
            read[name] = _File.read(known[name])
        return _answer(read[name], request)

    def page(request: Request) -> Response:  # not async: Starlette has it read the file on a thread
        return answer("index.html", request)

    def file(request: Request) -> Response:
        return answer(str(request.path_params["name"]), request)

    app.router.routes += [
        Route("/", page, methods=["GET"], name="dashboard"),
        Route("/dashboard/{name}", file, methods=["GET"], name="dashboard-file"),
    ]


def _paths() -> Iterable[Path]:
    yield from (path for path in STATIC.iterdir() if path.suffix in _TYPES)
    yield from (path for name in VENDORED if (path := VENDOR / name).is_file())


def _answer(file: _File, request: Request) -> Response:
    headers = {"Cache-Control": "no-cache", "ETag": file.tag, "Vary": "Accept-Encoding"}
    if file.kind.startswith("text/html"):
        headers["Content-Security-Policy"] = _POLICY
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = file.content
    if file.packed and "gzip" in request.headers.get("accept-encoding", ""):
        content = file.packed
        headers["Content-Encoding"] = "gzip"
    return Response(content, headers={**headers, "Content-Type": file.kind})
