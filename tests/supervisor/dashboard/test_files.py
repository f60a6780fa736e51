"""The dashboard's files, as they are served and as they are."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

import supervisor.dashboard.pages as pages
from events.catalogue import BY_TOPIC
from supervisor import Supervisor
from supervisor.http import create_app
from supervisor.testing import offline_settings

FIRST = (
    "index.html", "theme.js", "dashboard.css", "app.js", "api.js", "dom.js", "live.js", "overview.js", "charts.js",
    "format.js",
)  # fmt: skip
"""What is loaded to see the first view; the charts' library comes beside it."""


@pytest.fixture
async def app(tmp_path: Path) -> AsyncGenerator[FastAPI]:
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        yield create_app(supervisor)


@pytest.fixture
async def client(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_the_page_needs_no_token_and_allows_nothing_from_outside(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers.get_list("content-security-policy")
    assert len(policy) == 1
    assert "default-src 'none'" in policy[0]
    assert "unsafe" not in policy[0]
    assert "require-trusted-types-for 'script'" in policy[0]
    assert page.headers["x-frame-options"] == "DENY"
    named = set(re.findall(r'(?:src|href)="(dashboard/[^"]+)"', page.text))
    assert {f"dashboard/{name}" for name in ("app.js", "theme.js", "dashboard.css", *pages.VENDORED)} <= named


async def test_every_file_is_served_with_its_type(client: httpx.AsyncClient) -> None:
    types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
    for path in pages.STATIC.iterdir():
        answer = await client.get(f"/dashboard/{path.name}")
        assert answer.content == path.read_bytes()
        assert answer.headers["content-type"].partition(";")[0] == types[path.suffix]


async def test_what_a_browser_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get("/dashboard/app.js")
    assert first.headers["cache-control"] == "no-cache"
    again = await client.get("/dashboard/app.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get("/dashboard/app.js", headers={"If-None-Match": '"another"'})
    assert other.status_code == 200


async def test_files_are_packed_only_for_who_can_unpack(client: httpx.AsyncClient) -> None:
    request = client.build_request("GET", "/dashboard/dashboard.css", headers={"Accept-Encoding": "gzip"})
    answer = await client.send(request, stream=True)
    raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(raw) == (pages.STATIC / "dashboard.css").read_bytes()
    plain = await client.get("/dashboard/dashboard.css", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2fpages.py", "%2e%2e/pages.py", "../package.json", "pages.py", "__init__.py", "static"]
)
async def test_nothing_else_is_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/dashboard/{name}")).status_code == 404


async def test_without_the_charts_library_everything_else_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "VENDOR", tmp_path)
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        transport = httpx.ASGITransport(create_app(supervisor))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            assert (await client.get("/")).status_code == 200
            assert (await client.get("/dashboard/uPlot.iife.min.js")).status_code == 404


async def test_a_host_mounts_it_where_it_likes(app: FastAPI) -> None:
    host = FastAPI()
    host.mount("/supervisor", app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(host), base_url="http://test") as client:
        page = await client.get("/supervisor/")
        assert page.status_code == 200
        assert not re.findall(r'(?:src|href)="/', page.text)
        assert (await client.get("/supervisor/dashboard/app.js")).status_code == 200


def test_the_first_load_is_small() -> None:
    assert sum((pages.STATIC / name).stat().st_size for name in FIRST) < 60_000


def test_no_file_makes_markup_of_text_or_names_another_host() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function|https?://(?!www\.w3\.org/2000/svg)"
    )
    for path in pages.STATIC.glob("*.js"):
        assert not forbidden.findall(path.read_text()), path.name
    for path in pages.STATIC.glob("*.html"):
        text = path.read_text()
        assert not re.findall(r"<script(?![^>]*\ssrc=)|\son\w+=|<style|\sstyle=|https?://", text), path.name


def test_the_page_listens_to_events_that_there_are() -> None:
    listed = re.search(r"TOPICS = \[(.*?)\]", (pages.STATIC / "live.js").read_text(), re.S)
    assert listed is not None
    topics = set(re.findall(r'"([^"]+)"', listed[1]))
    assert topics
    assert topics <= set(BY_TOPIC)
