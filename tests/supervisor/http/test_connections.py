"""A server that listens: slow and stalled callers, odd messages, TLS, and its end."""

from __future__ import annotations

import contextlib
import ipaddress
import signal
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.lowlevel
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from common.errors import ConfigurationError
from common.http_settings import HttpSettings
from supervisor import Supervisor
from supervisor.http import serve
from supervisor.testing import offline_settings
from supervisor.tokens import Scope

WAIT = 20.0


class Listening:
    """A server of this process, with a token that may do everything."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.port = int(url.rpartition(":")[2])
        self.headers = {"Authorization": f"Bearer {token}"}

    async def connect(self) -> anyio.abc.SocketStream:
        """A plain connection."""
        return await anyio.connect_tcp("127.0.0.1", self.port)

    async def ask(self, *parts: bytes, seconds: float = WAIT) -> bytes:
        """All that a connection answers until it is closed."""
        with anyio.fail_after(seconds):
            async with await self.connect() as stream:
                for part in parts:
                    await stream.send(part)
                return await rest_of(stream)


async def rest_of(stream: anyio.abc.SocketStream) -> bytes:
    found = b""
    try:
        while True:
            found += await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return found


@asynccontextmanager
async def listening(folder: Path, **settings: Any) -> AsyncGenerator[Listening]:
    """A supervisor that is served until the block ends."""
    async with (
        Supervisor(offline_settings(folder), background=False) as supervisor,
        serving(supervisor, **settings) as server,
    ):
        yield server


@asynccontextmanager
async def serving(supervisor: Supervisor, **settings: Any) -> AsyncGenerator[Listening]:
    """Served at a free port until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = await supervisor.tokens.create("test", tuple(Scope), by="test")
    urls: list[str] = []
    ready = anyio.Event()

    def told(url: str) -> None:
        urls.append(url)
        ready.set()

    async with anyio.create_task_group() as group:
        own = HttpSettings(port=port, **settings)
        group.start_soon(lambda: serve(supervisor, own, listening=told))
        with anyio.fail_after(WAIT):
            await ready.wait()
            while True:  # until it has taken the signals, too
                async with httpx.AsyncClient(verify=False) as client:
                    with contextlib.suppress(httpx.TransportError):
                        if (await client.get(f"{urls[0]}/healthz")).status_code in (200, 503):
                            break
        try:
            yield Listening(urls[0], token.token)
        finally:
            signal.raise_signal(signal.SIGTERM)


async def test_slow_headers_end_a_connection(tmp_path: Path) -> None:
    async with listening(tmp_path, body_timeout=0.3) as server:
        assert await server.ask(b"") == b""
        assert await server.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n") == b""
        # and of a second call on a connection
        whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        assert (await server.ask(whole, b"GET /hea")).count(b"HTTP/1.1 200 OK") == 1
        # the body comes too late: told, and closed
        begun = b"POST /session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
        assert (await server.ask(begun)).startswith(b"HTTP/1.1 408 ")
        async with await server.connect() as waiting:  # who says nothing between two calls is waited for
            await waiting.send(whole)
            assert b"200 OK" in await waiting.receive()
            await anyio.sleep(0.6)
            await waiting.send(whole)
            assert b"200 OK" in await waiting.receive()


async def test_who_reads_nothing_is_let_go(tmp_path: Path) -> None:
    async with listening(tmp_path, stall_timeout=0.3, body_timeout=5) as server:
        with anyio.fail_after(WAIT):
            async with await server.connect() as stream:
                lines = [b"GET /openapi.json HTTP/1.1", b"Host: x", b"Authorization: " + _shown(server)]
                call = b"\r\n".join(lines) + b"\r\n\r\n"
                closed = False
                for _ in range(2_000):  # more than buffers hold
                    try:
                        await stream.send(call)
                    except anyio.BrokenResourceError:
                        closed = True
                        break
                    await anyio.lowlevel.checkpoint()
                await anyio.sleep(1.0)
                found = await rest_of(stream)
        assert closed or len(found) < 2_000 * 50_000


def _shown(server: Listening) -> bytes:
    return server.headers["Authorization"].encode()


@pytest.mark.parametrize(
    "message",
    [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\nb: c\x00\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n Host: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /session HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST /session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffffff\r\nx\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_a_message_that_two_readers_could_take_for_two_is_refused(tmp_path: Path, message: bytes) -> None:
    async with listening(tmp_path, body_timeout=1) as server:
        smuggled = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\nAuthorization: " + _shown(server) + b"\r\n\r\n"
        answer = await server.ask(message + smuggled)
        assert answer == b"" or answer.split(b" ", 2)[1] in (b"400", b"413", b"431", b"501"), answer[:200]
        assert answer.count(b"HTTP/1.1 ") <= 1
        async with httpx.AsyncClient(base_url=server.url) as client:
            assert (await client.get("/healthz")).status_code == 200


async def test_an_upgrade_leads_nowhere(tmp_path: Path) -> None:
    async with listening(tmp_path) as server:
        answer = await server.ask(
            b"GET /api/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert answer.startswith(b"HTTP/1.1 401 ")


async def test_no_more_connections_than_are_allowed(tmp_path: Path) -> None:
    async with listening(tmp_path, connections=3) as server:
        held = [await server.connect() for _ in range(3)]
        answer = await server.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 503 ")
        for stream in held:
            await stream.aclose()
        with anyio.fail_after(WAIT):
            while not (await server.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).startswith(
                b"HTTP/1.1 200 "
            ):
                await anyio.sleep(0.05)


def self_made(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "supervisor")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


async def test_tls_is_served_by_a_certificate_of_ones_own(tmp_path: Path) -> None:
    certificate, key = self_made(tmp_path)
    async with listening(tmp_path, host="0.0.0.0", tls_cert=certificate, tls_key=key) as server:
        assert server.url.startswith("https://")
        trusted = ssl.create_default_context(cafile=str(certificate))
        async with httpx.AsyncClient(
            base_url=f"https://127.0.0.1:{server.port}", verify=trusted, headers=server.headers
        ) as client:
            answer = await client.get("/api/traces")
            assert answer.status_code == 200
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            token = server.headers["Authorization"].removeprefix("Bearer ")
            cookie = (await client.post("/session", json={"token": token})).headers["set-cookie"].lower()
            assert "secure" in cookie
        old = ssl.create_default_context(cafile=str(certificate))
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        old.minimum_version = ssl.TLSVersion.TLSv1_2
        async with httpx.AsyncClient(verify=old) as client:
            assert (await client.get(f"https://127.0.0.1:{server.port}/healthz")).status_code == 200
        plain = await server.ask(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" not in plain


async def test_a_certificate_that_is_none_is_told_before_anything_listens(tmp_path: Path) -> None:
    certificate, key = self_made(tmp_path)
    key.write_text("nonsense")
    async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
        with pytest.raises(ConfigurationError, match="TLS"):
            await serve(supervisor, HttpSettings(tls_cert=certificate, tls_key=key))


async def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with Supervisor(offline_settings(tmp_path), background=False) as supervisor:
            with pytest.raises(ConfigurationError, match="can't be had"):
                await serve(supervisor, HttpSettings(port=taken.getsockname()[1]))
