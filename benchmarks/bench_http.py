"""What the HTTP API bears on one core: reads at a steady rate beside clients that follow events; and its stop.

    python -m benchmarks.bench_http [--rate 200] [--streams 100] [--seconds 20] [--posts 2]

`agent-supervisor serve` runs pinned to the first core, the callers on the others. Calls are begun at fixed times,
whether earlier ones have been answered or not, and a call's time counts from when it was to begin. Each kind of call
was made once before. All the while
`--posts` requests a second are handled, and every event they make goes to every stream. In the end the server is told
to stop with all streams connected, in the middle of the work; what it had answered by then must be in the log.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import anyio
import httpx
import psutil

from common.settings import Settings
from supervisor.store_opening import open_store

READS = (
    "/api/traces?limit=50",
    "/api/traces/{trace}",
    "/api/agents",
    "/api/agents/status",
    "/api/meta-agent/status",
    "/api/meta-agent/health",
    "/api/meta-agent/improvements",
    "/api/guidelines",
    "/api/flags",
    "/api/approvals",
)
GOAL_P99, GOAL_STOP = 0.1, 2.0
ASK = {"text": "set a timer for 10 minutes"}
_POSITION = re.compile(rb"^id: ([0-9]+)$", re.MULTILINE)


class Figures:
    """What was measured."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {path: [] for path in READS}
        self.failed: list[str] = []
        self.answered: list[str] = []
        self.positions: list[list[int]] = []
        self.ended = 0
        self.late = 0.0


@contextmanager
def server(folder: Path, cores: set[int]) -> Iterator[tuple[subprocess.Popen[bytes], int, str]]:
    """A server on the first core; its process, port and a token."""
    environment = {**os.environ, "SUPERVISOR_DATA_DIR": str(folder), "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-m", "supervisor.cli.main"]
    scopes = ["--scope=read", "--scope=request"]
    made = subprocess.run(
        [*command, "tokens", "create", "bench", *scopes], env=environment, capture_output=True, check=True
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*command, "serve", "--port", str(port)],
        env=environment,
        preexec_fn=lambda: os.sched_setaffinity(0, {min(cores)}),
    )
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                httpx.get(f"{url}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield process, port, made.stdout.decode().strip()
    finally:
        process.kill()
        process.wait()


class Caller:
    """Calls on kept connections, with next to no work of its own: what is measured is the server."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._head = f"Host: bench\r\nAuthorization: Bearer {token}\r\n"
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def call(self, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """The status and the body of an answer. Raises `OSError` and `EOFError` where there is none."""
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(self._message(path, body))
        status, headers = _told(await reader.readuntil(b"\r\n\r\n"))
        found = await reader.readexactly(int(headers.get("content-length", "0")))
        self._idle.append((reader, writer))
        return status, found

    async def follow(self, figures: Figures) -> None:
        """Read events until the server ends the stream; what they are is looked at afterwards."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**22)
        writer.write(self._message("/api/events", None))
        status, _ = _told(await reader.readuntil(b"\r\n\r\n"))
        if status != 200:
            figures.failed.append(f"/api/events: {status}")
            return
        read: list[bytes] = []
        while part := await reader.read(2**20):
            read.append(part)
        whole = b"".join(read)
        figures.positions.append([int(found) for found in _POSITION.findall(whole)])
        figures.ended += whole.endswith(b"0\r\n\r\n")  # the last chunk: an end in order

    def _message(self, path: str, body: bytes | None) -> bytes:
        if body is None:
            return f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode()
        told = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"POST {path} HTTP/1.1\r\n{self._head}{told}\r\n".encode() + body


def _told(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split(" ")[1]), dict(line.lower().split(": ", 1) for line in lines if line)


async def read_all(caller: Caller, given: argparse.Namespace, trace: str, figures: Figures) -> None:
    """Begin calls at the rate, for the time given."""

    async def call(path: str, due: float) -> None:
        status, _ = await caller.call(path.format(trace=trace))
        if status == 200:
            figures.seconds[path].append(anyio.current_time() - due)
        else:
            figures.failed.append(f"{path}: {status}")

    start = anyio.current_time()
    async with anyio.create_task_group() as group:
        for number, path in zip(range(int(given.rate * given.seconds)), cycle(READS), strict=False):
            due = start + number / given.rate
            await anyio.sleep_until(due)
            figures.late = max(figures.late, anyio.current_time() - due)  # by the caller itself
            group.start_soon(call, path, due)


async def ask_on(caller: Caller, rate: float, figures: Figures) -> None:
    """Have requests handled at the rate, until the server is gone."""
    while True:
        await anyio.sleep(1 / rate)
        try:
            status, answer = await caller.call("/api/requests", json.dumps(ASK).encode())
        except (OSError, EOFError):
            return
        if status == 200:
            figures.answered.append(json.loads(answer)["data"]["trace_id"])


async def measure(given: argparse.Namespace) -> bool:
    """Measure, print, and tell whether the goals are met."""
    cores = os.sched_getaffinity(0)
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder), cores) as (process, port, token):
        os.sched_setaffinity(0, cores - {min(cores)} or cores)
        caller = Caller(port, token)
        made = [await caller.call("/api/requests", json.dumps(ASK).encode()) for _ in range(100)]
        trace = json.loads(made[0][1])["data"]["trace_id"]
        for path in READS:  # what is made at the first call of its kind
            await caller.call(path.format(trace=trace))
        async with anyio.create_task_group() as group:
            for _ in range(given.streams):
                group.start_soon(caller.follow, figures)
            await anyio.sleep(2)
            group.start_soon(ask_on, caller, given.posts, figures)
            watched = psutil.Process(process.pid)
            before, began = sum(watched.cpu_times()[:2]), time.monotonic()
            await read_all(caller, given, trace, figures)
            busy = (sum(watched.cpu_times()[:2]) - before) / (time.monotonic() - began)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            await anyio.to_thread.run_sync(process.wait)
            stopped = time.monotonic() - began
        lost = await missing(Path(folder), figures)
    return report(given, figures, busy, stopped, lost)


async def missing(folder: Path, figures: Figures) -> dict[str, int]:
    """What was answered and is not in the log, and streams with a gap or a double."""
    async with await open_store(Settings(data_dir=folder)) as store:
        entries = await store.read_all(0, limit=1_000_000)
    ended = {entry.correlation for entry in entries if entry.topic == "trace.ended"}
    gaps = sum(seen != list(range(seen[0], seen[-1] + 1)) for seen in figures.positions if seen)
    return {"answers not in the log": sum(trace not in ended for trace in figures.answered), "streams with a gap": gaps}


def report(given: argparse.Namespace, figures: Figures, busy: float, stopped: float, lost: dict[str, Any]) -> bool:
    """Print the figures beside their goals."""
    every = sorted(seconds for found in figures.seconds.values() for seconds in found)

    def at(found: list[float], share: float) -> float:
        return sorted(found)[min(len(found) - 1, int(share * len(found)))] * 1e3

    print(f"{len(every)} reads at {given.rate:g}/s beside {given.streams} streams and {given.posts:g} requests/s:")
    goal = f"(goal: under {GOAL_P99 * 1e3:g} ms)"
    print(f"  p50 {at(every, 0.5):.1f} ms, p99 {at(every, 0.99):.1f} ms {goal}, most {every[-1] * 1e3:.1f} ms")
    print(f"  the server took {busy:.0%} of its core; the callers began calls up to {figures.late * 1e3:.1f} ms late")
    for path, found in figures.seconds.items():
        print(f"  {path:32} p50 {at(found, 0.5):6.1f} ms  p99 {at(found, 0.99):6.1f} ms")
    events = sum(map(len, figures.positions))
    print(f"  {events} events to {len(figures.positions)} streams, {len(figures.answered)} requests answered")
    print(
        f"stop: {stopped:.2f} s (goal: under {GOAL_STOP:g}); {figures.ended} streams ended in order; {json.dumps(lost)}"
    )
    for problem in figures.failed[:5]:
        print(f"failed: {problem}")
    met = at(every, 0.99) < GOAL_P99 * 1e3 and stopped < GOAL_STOP
    return met and not figures.failed and not any(lost.values()) and figures.ended == given.streams


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--posts", type=float, default=2.0)
    sys.exit(0 if anyio.run(measure, parser.parse_args()) else 1)
