"""Child processes forked from a parent that has imported everything and has no thread: a start costs milliseconds."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Child", "Tell", "ask", "fork"]

Tell = Callable[[str], None]
"""Hands lines to the parent, which takes whole ones only."""

_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """A process that was forked, and what it told."""

    pid: int
    pipe: int
    until: float = 0.0
    """When it is to be killed."""
    life: float | None = None
    """Seconds that it is to have from its first sign of life on; None once that is over."""
    told: bytearray = field(default_factory=bytearray)

    def read(self) -> None:
        """Take what it has told by now; one that ended by itself is to be looked at at once."""
        while select.select([self.pipe], [], [], 0)[0]:
            data = os.read(self.pipe, 1 << 16)
            if not data:
                self.until = 0.0
                return
            self.told += data
            if self.life is not None:
                self.until, self.life = time.monotonic() + self.life, None

    def end(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Send it a signal, take the rest of what it told, and return how it ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)
        return self.wait()

    def wait(self) -> int:
        """Take what it tells until it ends; returns its exit code, negative for the signal that ended it."""
        while data := os.read(self.pipe, 1 << 16):
            self.told += data
        os.close(self.pipe)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    @property
    def lines(self) -> list[str]:
        """The whole lines that it told."""
        return self.told.decode().split("\n")[:-1]


def fork(work: Callable[[Tell], None]) -> Child:
    """Do `work` in a child process, which dies with this one."""
    assert threading.active_count() == 1, "a thread does not come along into a fork, and its locks stay held"
    reading, writing = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Child(pid, reading)
    code = 1
    try:
        os.close(reading)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            work(lambda line: _write(writing, line))
            code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _write(pipe: int, line: str) -> None:
    data = f"{line}\n".encode()
    while data:
        data = data[os.write(pipe, data) :]


def ask(work: Callable[[], Any], seconds: float = 120.0) -> Any:
    """What `work` returns (JSON), done in a child process: event loops and connections never come to the parent."""
    child = fork(lambda tell: tell(json.dumps(work())))
    deadline = time.monotonic() + seconds
    while b"\n" not in child.told:
        left = deadline - time.monotonic()
        if left < 0 or not select.select([child.pipe], [], [], left)[0]:
            child.end()
            raise TimeoutError(f"a look at what was left took longer than {seconds:g} seconds")
        data = os.read(child.pipe, 1 << 16)
        if not data:
            break
        child.told += data
    code = child.end()
    if not child.lines:
        raise RuntimeError(f"a look at what was left ended with {code}")
    return json.loads(child.lines[0])
