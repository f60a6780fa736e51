"""/docs: the API to read and to try, in a browser, from files of our own and no other host."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import anyio.to_thread
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

import supervisor.dashboard

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_OWN = Path(__file__).parent.parent / "static"
_FETCHED = Path(supervisor.dashboard.__file__).parent / "vendor"
_KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_FILES = {
    "docs.js": _OWN / "docs.js",
    "swagger-ui-bundle.js": _FETCHED / "swagger-ui-bundle.js",
    "swagger-ui.css": _FETCHED / "swagger-ui.css",
}
_MISSING = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>agent-supervisor: HTTP API</title></head><body>
<p>The files of Swagger UI, which this page shows the API with, are not installed; everything else works.
In the source tree <code>make setup</code> fetches them. The OpenAPI document is at <a
href="openapi.json">openapi.json</a>, for whoever shows a token.</p></body></html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    packed: bytes
    tag: str


@router.get("/docs")
async def docs() -> Response:
    """The page. It needs no token, for it tells nothing: what it shows it asks for with the reader's."""
    if not all(path.is_file() for path in _FILES.values()):
        return HTMLResponse(_MISSING)
    return HTMLResponse((_OWN / "docs.html").read_text(encoding="utf-8"))


@router.get("/docs/{name}")
async def file(name: str, request: Request) -> Response:
    """One of the page's files, by a name of the list: no other can be asked for."""
    path = _FILES.get(name)
    if path is None or not path.is_file():
        return PlainTextResponse("There is no such file.\n", 404)
    found = await anyio.to_thread.run_sync(_read, path)
    headers = {"ETag": found.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == found.tag:
        return Response(status_code=304, headers=headers)
    headers["Content-Type"] = _KINDS[path.suffix]
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(found.packed), headers=headers)
    return Response(found.packed, headers={**headers, "Content-Encoding": "gzip"})


@cache
def _read(path: Path) -> _File:
    content = path.read_bytes()
    return _File(gzip.compress(content, 6, mtime=0), f'"{hashlib.sha256(content).hexdigest()[:32]}"')
