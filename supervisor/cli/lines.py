"""Where a conversation's lines come from: an editable prompt on a terminal, or whatever standard input is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Protocol

import anyio

__all__ = ["LineReader", "PipeReader", "TerminalReader", "make_reader"]

_PROMPT = "you> "
_CHUNK = 65_536
_MAX_LINE = 1_000_000


class LineReader(Protocol):
    """Reads one line after the other."""

    async def read(self) -> str:
        """The next line. Raises `EOFError` at the end and `KeyboardInterrupt` for Ctrl-C at the prompt."""
        ...


class TerminalReader:
    """A prompt with editing and a history that starts with `earlier` lines."""

    def __init__(self, earlier: Iterable[str] = ()) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import InMemoryHistory

        self._session: PromptSession[str] = PromptSession(history=InMemoryHistory(list(earlier)))

    async def read(self) -> str:
        """The next line."""
        from prompt_toolkit.patch_stdout import patch_stdout

        with patch_stdout(raw=True):  # what others write meanwhile appears above the prompt
            return await self._session.prompt_async(_PROMPT, handle_sigint=False)


class PipeReader:
    """Lines of a file descriptor; waiting for them can be cancelled. Bytes that are no UTF-8 become surrogates."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = b""
        self._ended = False
        self._waits = True

    async def read(self) -> str:
        """The next line, the last one also without a line break."""
        while b"\n" not in self._buffer and not self._ended and len(self._buffer) < _MAX_LINE:
            chunk = await self._chunk()
            self._ended = not chunk
            self._buffer += chunk
        if not self._buffer:
            raise EOFError
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode("utf-8", "surrogateescape")

    async def _chunk(self) -> bytes:
        if self._waits:
            try:
                await anyio.wait_readable(self._descriptor)
            except PermissionError:  # a regular file, which is always readable and can't be waited for
                self._waits = False
        return await anyio.to_thread.run_sync(os.read, self._descriptor, _CHUNK)


def make_reader(earlier: Iterable[str] = ()) -> LineReader:
    """The reader that fits standard input."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return TerminalReader(earlier)
    return PipeReader(sys.stdin.fileno())
