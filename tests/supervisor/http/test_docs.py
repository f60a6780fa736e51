"""docs/http-api.md: every line with curl does what it says, and every operation has one; and the page /docs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import anyio
import httpx
import pytest
from starlette.routing import compile_path

from common.settings import IntentSettings
from supervisor import Supervisor
from supervisor.http import create_app
from supervisor.http.routes import docs
from supervisor.testing import offline_settings
from tests.events.improvement_samples import suggestion
from tests.supervisor.built_agents import deploy
from tests.supervisor.http.conftest import Served
from tests.supervisor.http.test_connections import serving

PAGE = Path(__file__).parents[3] / "docs" / "http-api.md"
ENDED_BY_HEAD = "23"
ELSEWHERE = {
    *(("POST", f"/api/meta-agent/improvements/{{improvement_id}}/{verb}") for verb in ("undo", "failed")),
    ("POST", "/api/builds/{build_id}/resume"),
    ("POST", "/api/agents/{name}/promote"),
}
"""What needs an improvement that was carried out, or another one (tests/supervisor/specialists), an ended build, or a
version on trial."""
PRELUDE = r"""
curl() {
    command curl --silent --show-error --fail-with-body --max-time 60 "$@"
    code=$?
    printf '%s %s\n' "$code" "$*" >>calls
    return $code
}
api() { curl -H "Authorization: Bearer $TOKEN" "$@"; }
"""


def script() -> str:
    """The lines of the page that call the API, in their order."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return PRELUDE + "\n".join(block for block in blocks if "$URL/" in block)


def called(line: str) -> tuple[str, str, str]:
    """How a call ended, its method and its path."""
    code, _, arguments = line.partition(" ")
    method = re.search(r"-X ([A-Z]+)", arguments)
    path = re.search(r"http://[^/ ]+(/[^ ?]*)", arguments)
    assert path is not None, line
    return code, method[1] if method else "POST" if "--json" in arguments else "GET", path[1]


async def prepared(supervisor: Supervisor) -> None:
    """What the page's lines are about."""
    await supervisor.guidelines.propose("timer", ["avoid timer.remind"], by="ann")
    await supervisor.guidelines.propose("timer", ["avoid timer.remind", "avoid timer.list"], by="ann", base=None)
    for number in (1, 2):
        await supervisor.monitoring.improvements.suggest(suggestion(f"imp-{number}", fingerprint=f"f{number}"))
    await supervisor.monitoring.write_report()
    for version in (1.0, 2.0):
        await deploy(supervisor, version)


@pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl", "jq"))), reason="bash, curl and jq are needed")
async def test_every_line_with_curl_does_what_it_says(tmp_path: Path) -> None:
    policies = IntentSettings.model_validate({"policies": {"timer.set_timer": "ask"}})
    settings = offline_settings(tmp_path).model_copy(update={"intents": policies})
    async with Supervisor(settings, background=False) as supervisor:
        await prepared(supervisor)
        operations = create_app(supervisor).openapi()["paths"]
        async with serving(supervisor, keep_alive=0.5) as server:
            environment = {"URL": server.url, "TOKEN": server.headers["Authorization"].removeprefix("Bearer ")}
            with anyio.fail_after(120):
                done = await anyio.run_process(
                    ["bash", "-c", script()], cwd=tmp_path, env={**environment, "PATH": "/usr/bin:/bin"}, check=False
                )
    calls = [called(line) for line in (tmp_path / "calls").read_text().splitlines()]
    failed = [call for call in calls if call[0] not in ("0", ENDED_BY_HEAD)]
    assert not failed, f"{failed}\n{done.stdout.decode()[-3_000:]}\n{done.stderr.decode()}"
    assert all("/api/events" in path for code, _, path in calls if code == ENDED_BY_HEAD)
    forms = {
        (method.upper(), form): (compile_path(form)[0], form.count("{"))
        for form in operations
        for method in operations[form]
    }
    shown: set[tuple[str, str]] = set()
    for _, method, path in calls:
        fitting = [
            (count, form) for (verb, form), (pattern, count) in forms.items() if verb == method and pattern.match(path)
        ]
        shown |= {(method, form) for count, form in fitting if count == min(fitting)[0]}
    assert set(forms) - shown == ELSEWHERE


@pytest.mark.skipif(not all(path.is_file() for path in docs._FILES.values()), reason="make setup fetches Swagger UI")
async def test_the_page_of_the_api_comes_from_here_alone(served: Served, client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "//" not in page.text
    for name in re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text):
        file = await client.get(f"/{name}")
        assert file.status_code == 200
        again = await client.get(f"/{name}", headers={"If-None-Match": file.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        plain = await client.get(f"/{name}", headers={"Accept-Encoding": "identity"})
        assert plain.content == file.content
    for name in ("package.json", "../pages.py", "..%2fpages.py", ".version"):
        assert (await client.get(f"/docs/{name}")).status_code == 404


async def test_without_its_files_the_page_says_so(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(docs._FILES, "swagger-ui.css", Path("/nothing"))
    page = await client.get("/docs")
    assert page.status_code == 200
    assert "make setup" in page.text
    assert (await client.get("/docs/swagger-ui.css")).status_code == 404
    assert (await client.get("/openapi.json")).status_code == 200
