"""The transport to an MCP server that is run here, over its standard streams. Imported only with a server.

Beside what the SDK's own transport does: a message has a bound, what is no message is passed over, the server's
standard error is kept for the error message instead of going to the host's, and the server ends with the supervisor
even when that is killed (see `llm_provider.mcp_guard`).
"""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import anyio
import anyio.lowlevel
from anyio.abc import ByteReceiveStream, ByteSendStream, Process
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from llm_provider.bounded_http import MAX_ANSWER_BYTES
from llm_provider.json_safe import bounded_text

__all__ = ["DEPTH_VARIABLE", "ServerProcessInfo", "StdioCommand", "depth", "stdio_transport"]

DEPTH_VARIABLE = "AGENT_SUPERVISOR_DEPTH"
"""Tells a server that is a supervisor itself how many stand above it: one may name itself among its servers."""

_GUARD = Path(__file__).with_name("mcp_guard.py")
_GRACE = 2.0
_FLUSH = 0.5
_POLL = 0.01
_STDERR_LINES = 20
_SHOWN_LINES = 3
_LINE_CHARS = 300

_Send = MemoryObjectSendStream[SessionMessage | Exception]
_Receive = MemoryObjectReceiveStream[SessionMessage]


@dataclass(frozen=True, slots=True)
class StdioCommand:
    """What is run: a program with arguments, what its environment has beside the usual, and its folder."""

    command: str
    args: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    cwd: Path | None = None


@dataclass(slots=True)
class ServerProcessInfo:
    """What is known of a server's process: its last words on standard error, and why it was given up."""

    stderr: deque[str] = field(default_factory=lambda: deque[str](maxlen=_STDERR_LINES))
    garbage: int = 0
    fault: str = ""
    exit_code: int | None = None
    ended: anyio.Event = field(default_factory=anyio.Event)

    def words(self) -> str:
        """One clause for people: what is wrong with it, as far as is known; may be empty."""
        said = " / ".join([line.strip() for line in self.stderr if line.strip()][-_SHOWN_LINES:])
        clauses = [
            self.fault,
            f"it ended with exit code {self.exit_code}" if self.exit_code is not None else "",
            f"it wrote {self.garbage} lines that are no messages to its standard output" if self.garbage else "",
            f"its last words: {said}" if said else "",
        ]
        return "; ".join(clause for clause in clauses if clause)


@asynccontextmanager
async def stdio_transport(
    command: StdioCommand, info: ServerProcessInfo
) -> AsyncGenerator[
    tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]
]:
    """Run the server and exchange messages with it; leaving ends it. Raises `OSError` where it can't be run."""
    process = await anyio.open_process(
        [sys.executable, "-I", "-S", str(_GUARD), str(os.getpid()), command.command, *command.args],
        env=get_default_environment() | dict(command.env) | {DEPTH_VARIABLE: str(depth() + 1)},
        cwd=command.cwd,
        start_new_session=True,
    )
    # No await from here to the task group, or a cancellation in between would leave the process behind.
    to_session, from_server = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    from_session, to_server = anyio.create_memory_object_stream[SessionMessage](0)
    written = anyio.Event()
    async with anyio.create_task_group() as group:
        group.start_soon(_read_messages, process, to_session, info)
        group.start_soon(_read_stderr, process, info)
        group.start_soon(_write_messages, process, to_server, to_session, written)
        try:
            yield from_server, from_session
        finally:
            with anyio.CancelScope(shield=True):
                from_server.close()
                from_session.close()
                with anyio.move_on_after(_FLUSH):
                    await written.wait()
                await _stop(process)
                info.exit_code = process.returncode
                for stream in (to_session, to_server):
                    stream.close()
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()


def depth() -> int:
    """How many supervisors started each other down to this one."""
    given = os.environ.get(DEPTH_VARIABLE, "")
    return int(given) if given.isascii() and given.isdigit() else 0


async def _read_messages(process: Process, to_session: _Send, info: ServerProcessInfo) -> None:
    stdout = cast("ByteReceiveStream", process.stdout)
    with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError, ConnectionError):
        async with to_session:
            await _pass_on(stdout, to_session, info)
    info.ended.set()
    with suppress(anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
        while True:  # a server that still writes could not end otherwise
            await stdout.receive()


async def _pass_on(stdout: ByteReceiveStream, to_session: _Send, info: ServerProcessInfo) -> None:
    pieces: list[bytes] = []
    size = 0
    async for chunk in stdout:
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            pieces.append(line)
            if size + len(line) > MAX_ANSWER_BYTES:
                info.fault = _too_long()
                return
            await _deliver(b"".join(pieces), to_session, info)
            pieces, size = [], 0
        pieces.append(rest)
        size += len(rest)
        if size > MAX_ANSWER_BYTES:
            info.fault = _too_long()
            return


def _too_long() -> str:
    return f"it sent a message of more than {MAX_ANSWER_BYTES:,} bytes"


async def _deliver(line: bytes, to_session: _Send, info: ServerProcessInfo) -> None:
    if not line.strip():
        return
    try:
        message = jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValueError:  # a banner, a print, half a message
        info.garbage += 1
        await anyio.lowlevel.checkpoint()
        return
    await to_session.send(SessionMessage(message))


async def _read_stderr(process: Process, info: ServerProcessInfo) -> None:
    stderr = cast("ByteReceiveStream", process.stderr)
    rest = b""
    with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
        async for chunk in stderr:
            *lines, rest = (rest + chunk)[-65_536:].split(b"\n")
            info.stderr.extend(bounded_text(line.decode(errors="replace"), _LINE_CHARS) for line in lines)
    if rest:
        info.stderr.append(bounded_text(rest.decode(errors="replace"), _LINE_CHARS))


async def _write_messages(process: Process, to_server: _Receive, to_session: _Send, written: anyio.Event) -> None:
    stdin = cast("ByteSendStream", process.stdin)
    try:
        async with to_server:
            async for message in to_server:
                text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                await stdin.send(text.encode() + b"\n")
    except (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError):
        to_session.close()  # or whoever waits for an answer would wait for ever
    finally:
        written.set()


async def _stop(process: Process) -> None:
    """Close its input and wait; what is left after that is told to end, and then ended."""
    stdin = cast("ByteSendStream", process.stdin)
    with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        await stdin.aclose()
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None:
            _signal(process, number)
        if await _ended(process, _GRACE):
            break
    _signal(process, signal.SIGKILL)  # what it started and left behind
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
                await stream.aclose()


def _signal(process: Process, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


async def _ended(process: Process, seconds: float) -> bool:
    """Whether it ends in this time; not by `process.wait()`, which also waits for everybody who holds its pipes."""
    end = anyio.current_time() + seconds
    while process.returncode is None:
        if anyio.current_time() >= end:
            return False
        await anyio.sleep(_POLL)
    return True
