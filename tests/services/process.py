"""Servers that tests start as processes of their own, and stop, kill and start again."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["ServerProcess", "free_port"]

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """One server on a port of 127.0.0.1; its output goes to a file that a failure to start is told with."""

    def __init__(
        self,
        command: Sequence[str],
        port: int,
        *,
        folder: Path,
        environ: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        """`user` is whom it runs as, where this process may choose (as root)."""
        self._command = list(command)
        self._user = user
        self._environ = {**os.environ, **(environ or {})}
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.host = "127.0.0.1"
        self.port = port

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".log", delete=False) as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self._user,
                extra_groups=None if self._user is None else [],
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self.accepts():
            if not self.running or time.monotonic() > deadline:
                said = Path(log.name).read_text(errors="replace")[-2_000:]
                self.kill()
                raise RuntimeError(f"{self._command[0]} did not start: {said}")
            time.sleep(0.02)

    def accepts(self) -> bool:
        """Whether somebody takes connections on the port."""
        try:
            with socket.create_connection((self.host, self.port), timeout=1.0):
                return True
        except OSError:
            return False

    def pause(self) -> None:
        """Let it hang: connections are taken and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """End a pause."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone; one that is gone already is well."""
        if self._process is None:
            return
        self._signal(signal.SIGKILL)
        self._process.wait(_STOP_SECONDS)
        self._process = None

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that does not end by it."""
        if self._process is None:
            return
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait(_STOP_SECONDS)
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
