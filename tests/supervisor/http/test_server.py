"""`agent-supervisor serve` as a process: what it refuses to do, how it streams, how it stops."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from supervisor.cli.main import main

START_SECONDS = 60.0


class Done(NamedTuple):
    """What a command ended with."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Commands on the folder."""
    monkeypatch.setenv("SUPERVISOR_DATA_DIR", str(folder))

    def command(*arguments: str) -> Done:
        code = main(arguments)
        return Done(code, *capsys.readouterr())

    return command


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "SUPERVISOR_DATA_DIR": str(folder), "PYTHONPATH": str(Path.cwd())}


class Server:
    """A process that serves."""

    def __init__(self, folder: Path, token: str) -> None:
        self.port = _free_port()
        self.token = token
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "supervisor.cli.main", "serve", "--port", str(self.port)],
                env=_environment(folder), stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, (folder / "log").read_text()
                time.sleep(0.1)
        raise TimeoutError("the server did not start")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def stop(self) -> float:
        """Seconds that a stop takes."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0
        return time.monotonic() - began


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@contextmanager
def running(folder: Path, run: Run) -> Generator[Server]:
    made = run("tokens", "create", "all", *(f"--scope={scope}" for scope in ("read", "request")))
    assert made.code == 0, made.err
    server = Server(folder, made.out.strip())
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait(30)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--host", "0.0.0.0"], "without tokens"),
        (["--tls-cert", "nothing.pem"], "a certificate and its key"),
        (["--tls-cert", "nothing.pem", "--tls-key", "nothing.key"], "is not there"),
    ],
)
def test_it_refuses_to_listen_where_that_is_not_safe(run: Run, arguments: list[str], problem: str) -> None:
    refused = run("serve", *arguments)
    assert refused.code == 2
    assert problem in refused.err


def test_tokens_do_not_go_over_a_network_in_clear(run: Run) -> None:
    assert run("tokens", "create", "x").code == 0
    refused = run("serve", "--host", "0.0.0.0")
    assert refused.code == 2
    assert "in clear" in refused.err


def test_tokens_are_made_listed_and_revoked(run: Run) -> None:
    made = json.loads(run("tokens", "create", "laptop", "--scope", "read", "--expires", "30d", "--json").out)
    assert made["token"].startswith(f"asv_{made['token_id']}_")
    listed = run("tokens").out
    assert "laptop" in listed
    assert made["token"] not in listed
    assert run("tokens", "revoke", made["token_id"], "--reason", "lost").code == 0
    (row,) = json.loads(run("tokens", "list", "--json").out)
    assert (row["reason"], "digest" in row) == ("lost", False)
    assert run("tokens", "revoke", "nobody").code == 1
    assert run("tokens", "create", "x", "--scope", "root").code == 2
    assert run("tokens", "create", "x", "--expires", "soon").code == 2


def events_of(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """The events of a stream."""
    event: dict[str, Any] = {}
    for line in response.iter_lines():
        if not line and event:
            yield event
            event = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = json.loads(value) if name == "data" else value


def test_a_reader_that_comes_back_misses_nothing_and_the_server_stops_with_readers(folder: Path, run: Run) -> None:
    with running(folder, run) as server:
        ask = {"text": "set a timer for 10 minutes"}
        with httpx.Client(base_url=server.url, headers=server.headers, timeout=30) as client:
            assert client.post("/api/requests", json=ask).status_code == 200
            positions: list[int] = []
            with client.stream("GET", "/api/events", params={"after": 0}) as response:
                for event in events_of(response):
                    positions.append(int(event["id"]))
                    if event["event"] == "trace.started":
                        break
            with client.stream("GET", "/api/events", headers={"Last-Event-ID": str(positions[-1])}) as response:
                for event in events_of(response):
                    positions.append(int(event["id"]))
                    if event["event"] == "trace.ended":
                        break
            assert positions == list(range(1, len(positions) + 1))
            updates: list[dict[str, Any]] = []
            with client.stream("POST", "/api/requests", json={**ask, "stream": True}) as response:
                updates = list(events_of(response))
            assert updates[0]["event"] == "Routed"
            assert updates[-1]["event"] == "Completed"
            trace = updates[-1]["data"]["trace_id"]
        ended = [0]
        all_read = threading.Barrier(21)
        readers = [threading.Thread(target=_read, args=(server, ended, all_read)) for _ in range(20)]
        for reader in readers:
            reader.start()
        all_read.wait(60)
        seconds = server.stop()
        for reader in readers:
            reader.join(10)
        assert ended == [20]
        assert seconds < 10, seconds
    assert json.loads(run("traces", "show", trace, "--json").out)["outcome"] == "success"


def _read(server: Server, ended: list[int], all_read: threading.Barrier) -> None:
    with httpx.stream("GET", f"{server.url}/api/events", headers=server.headers, timeout=60) as response:
        all_read.wait(60)
        for _ in response.iter_lines():
            pass
    ended[0] += 1  # an answer that broke off would have raised
