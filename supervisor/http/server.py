"""Listens and serves, safely: beyond this machine only with tokens, and with TLS or a proxy that ends it."""

from __future__ import annotations

import ipaddress
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from common.errors import ConfigurationError
from supervisor.http.app import create_app

if TYPE_CHECKING:
    from common.http_settings import HttpSettings
    from supervisor.facade import Supervisor

__all__ = ["serve"]

_GRACE_SECONDS = 1
_KEEP_ALIVE = 75
_BACKLOG = 1_024


async def serve(
    supervisor: Supervisor, settings: HttpSettings | None = None, *, listening: Callable[[str], None] = lambda _: None
) -> None:
    """Serve a running supervisor until SIGTERM or SIGINT; `listening` is told the address once it is open.

    Open streams are ended at once, calls that run have a second. Raises `ConfigurationError` where it would be
    unsafe to listen, or the address can't be had.
    """
    import uvicorn

    from supervisor.http.connections import bounded

    own = settings or supervisor.settings.http
    app = create_app(supervisor, own)
    _check_safe(own, has_tokens=await app.state.access.tokens.any())
    with _open_socket(own) as opened:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_SECONDS,
            timeout_keep_alive=_KEEP_ALIVE,
            http=bounded(own.body_timeout, own.stall_timeout),
            ws="none",
            limit_concurrency=own.connections,
            proxy_headers=False,  # the application reads them, as many as there are proxies
            server_header=False,
            ssl_certfile=own.tls_cert,
            ssl_keyfile=own.tls_key,
            h11_max_incomplete_event_size=65_536,
        )
        _load(config)
        host = f"[{own.host}]" if ":" in own.host else own.host
        listening(f"{'http' if own.tls_cert is None else 'https'}://{host}:{opened.getsockname()[1]}")
        await _server(config, app.state.streams.close).serve(sockets=[opened])


def _load(config: Any) -> None:
    """Take in the certificate. Raises `ConfigurationError` where it and the key can't be used."""
    try:
        config.load()
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"TLS can't be served with this certificate and key: {getattr(error, 'reason', None) or error}",
            where="http.tls_cert, http.tls_key",
            todo="Give PEM files that belong together; the key without a passphrase.",
        ) from None


def _server(config: Any, stopping: Callable[[], None]) -> Any:
    """A server that ends the streams when it is told to stop: it would wait for their readers to go."""
    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            stopping()
            super().handle_exit(sig, frame)

        @contextmanager
        def capture_signals(self) -> Generator[None]:
            """As the base does, but the signal is not raised again: the command has its own end to reach."""
            before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)

    return Server(config)


def _check_safe(settings: HttpSettings, *, has_tokens: bool) -> None:
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise ConfigurationError("TLS takes a certificate and its key", where="http.tls_cert, http.tls_key")
    for file in (settings.tls_cert, settings.tls_key):
        if file is not None and not file.is_file():
            raise ConfigurationError("the file of TLS is not there", where=str(file))
    if _is_loopback(settings.host):
        return
    if not has_tokens:
        raise ConfigurationError(
            f"nobody listens on {settings.host} without tokens",
            where="http.host",
            todo="Make one: agent-supervisor tokens create NAME --scope read.",
        )
    if settings.tls_cert is None and not settings.behind_proxy:
        raise ConfigurationError(
            f"tokens would go over the network in clear on {settings.host}",
            where="http.host",
            todo="Give --tls-cert and --tls-key, or --behind-proxy where a proxy in front ends TLS.",
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _open_socket(settings: HttpSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"{settings.host}:{settings.port} can't be had: {error.strerror or error}",
            where="http.host, http.port",
            todo="Name another one, or end what listens there.",
        ) from None
