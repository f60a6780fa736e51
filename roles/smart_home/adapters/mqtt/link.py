"""One connection to the broker: opened, asked, told, closed; and what was heard over it."""

from __future__ import annotations

import contextlib
import math
import secrets
import ssl
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread

from common.extras import import_extra
from common.logs import get_logger
from common.settings import MqttSettings, SmartHomeSettings
from roles.smart_home.adapters.mqtt.announcement import clean_text
from roles.smart_home.adapters.mqtt.entity import Command
from roles.smart_home.adapters.mqtt.registry import Registry
from roles.smart_home.backend import HouseError

__all__ = ["Link", "LinkLost", "connected"]

_log = get_logger(__name__)
_WHERE = "smart_home.mqtt"
_VERSION = "$SYS/broker/version"
_NOTHING = "$SYS/agent-supervisor/nothing"
_QUEUE = 20_000
_BATCH = 100
_QUIET = 0.1
_PAUSE = 0.01
_REFUSED = 128


class LinkLost(HouseError):
    """Raised when the connection breaks, or the broker stops answering."""


@asynccontextmanager
async def connected(settings: SmartHomeSettings) -> AsyncGenerator[Link]:
    """A connection of one's own, with a client id that nobody else has; nothing is subscribed to yet.

    Raises `HouseError` where there is none to be had, and `ConfigurationError` where the package is missing.
    """
    aiomqtt = await anyio.to_thread.run_sync(_import)
    client = await _open(aiomqtt, settings.mqtt)
    link = Link(client, aiomqtt, settings)
    try:
        yield link
    finally:
        with anyio.CancelScope(shield=True), contextlib.suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)
        link.lose()


def _import() -> Any:
    return import_extra("aiomqtt", extra="mqtt", where="smart_home.backend: mqtt")


async def _open(aiomqtt: Any, settings: MqttSettings) -> Any:
    client = aiomqtt.Client(
        settings.host,
        settings.port,
        username=settings.username,
        password=settings.password.get_secret_value() if settings.password is not None else None,
        identifier=f"supervisor-{secrets.token_hex(6)}",
        clean_session=True,
        timeout=settings.timeout,
        keepalive=max(5, math.ceil(settings.timeout)),
        max_queued_incoming_messages=_QUEUE,
        max_concurrent_outgoing_calls=10,
        tls_context=await anyio.to_thread.run_sync(_tls, settings) if settings.tls else None,
    )
    client._client.connect_timeout = settings.timeout
    try:
        with anyio.CancelScope(shield=True):  # it runs in a thread, which would connect behind a cancellation's back
            await client.__aenter__()
    except (aiomqtt.MqttError, OSError, ValueError) as error:
        _abandon(client)
        raise HouseError(
            f"the smart home's broker can't be reached: {_reason(error)}",
            where=f"{_WHERE} {settings.host}:{settings.port}",
            todo="Look whether it runs, and at host, port, username, password and tls there.",
        ) from None
    return client


def _tls(settings: MqttSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise HouseError(
            f"the certificates can't be read: {_reason(error)}", where=f"{_WHERE}.ca_file {settings.ca_file}"
        ) from None


def _abandon(client: Any) -> None:
    """Close the socket at once: the library leaves that of a connection that was not answered open."""
    if client._client.socket() is not None:
        client._client._sock_close()


def _reason(error: BaseException) -> str:
    text = clean_text(str(error), 200)
    return "it does not answer" if text in ("", "Operation timed out") else text


class Link:
    """What is said and heard over a connection.

    Where `followed` is set somebody takes the messages (`follow`); else whoever waits for one takes them itself.
    """

    def __init__(self, client: Any, aiomqtt: Any, settings: SmartHomeSettings) -> None:
        self._client = client
        self._error: type[Exception] = aiomqtt.MqttError
        self._place = f"{_WHERE} {settings.mqtt.host}:{settings.mqtt.port}"
        self._subscribed: set[str] = set()
        self.registry = Registry(settings)
        self.version = ""
        self.followed = False
        self.lost = False
        self._lost = anyio.Event()

    async def settle(self) -> None:
        """Subscribe to everything, and wait until what the broker keeps has come. Raises `LinkLost`, `HouseError`."""
        await self._subscribe((_VERSION,))
        codes = await self._subscribe(self.registry.discovery)
        if any(code >= _REFUSED for code in codes):
            raise HouseError("the broker does not let its discovery topics be read", where=self._place)
        await self._calm()
        while await self._subscribe_new():
            await self._calm()

    async def _calm(self) -> None:
        """Wait until nothing more comes: the answer to a question asked behind them, and then a moment of silence."""
        await self.ping()
        quiet_since = anyio.current_time()
        while anyio.current_time() - quiet_since < _QUIET:
            if self._drain():
                quiet_since = anyio.current_time()
            await anyio.sleep(_PAUSE)

    async def ping(self) -> None:
        """Make sure that the broker answers, by subscribing to what nobody ever says. Raises `LinkLost`."""
        await self._subscribe((_NOTHING,))

    async def publish(self, command: Command) -> None:
        """Tell a device something, QoS 1. Raises `LinkLost` where it is open whether the broker has it."""
        try:
            await self._client.publish(command.topic, command.payload, qos=1, retain=False)
        except self._error as error:
            raise self._break(error) from None

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait for messages until `done`; the caller bounds the time. Raises `LinkLost`."""
        while not done():
            if self.lost:
                raise self._broken("the connection to the smart home's broker broke")
            if self.followed:
                await self.registry.changed.wait()
            else:
                await self._pump()

    async def follow(self) -> None:
        """Take messages until the connection is lost."""
        self.followed = True
        async with anyio.create_task_group() as group:
            group.start_soon(self._cancel_when_lost, group.cancel_scope)
            with contextlib.suppress(LinkLost):
                while True:
                    await self._pump()
            group.cancel_scope.cancel()

    async def _cancel_when_lost(self, scope: anyio.CancelScope) -> None:
        await self._lost.wait()
        scope.cancel()

    def lose(self) -> None:
        """Give the connection up at once; whoever waits for something of it is told."""
        self.lost = True
        self._lost.set()
        _abandon(self._client)
        if self._client._disconnected.done():
            self._client._disconnected.exception()  # it is known; asyncio would log it as never looked at
        self.registry.changed.set()

    async def _pump(self) -> None:
        try:
            self._take(await anext(self._client.messages))
        except self._error as error:
            raise self._break(error) from None
        self._drain()
        await self._subscribe_new()

    def _drain(self) -> bool:
        """Take what has come already; whether that was anything."""
        came = len(self._client.messages) > 0
        while len(self._client.messages):
            self._take(self._client._queue.get_nowait())
        return came

    def _take(self, message: Any) -> None:
        payload = message.payload if isinstance(message.payload, bytes) else b""
        if str(message.topic) == _VERSION:
            self.version = clean_text(payload[:200].decode(errors="replace"), 80)
        else:
            self.registry.take(str(message.topic), payload, retained=bool(message.retain))

    async def _subscribe_new(self) -> bool:
        """Subscribe to what the devices that were announced since speak of; whether there was anything."""
        new = self.registry.topics - self._subscribed
        gone = self._subscribed - self.registry.topics
        if new:
            await self._subscribe(sorted(new))
        if gone:
            await self._unsubscribe(sorted(gone))
        self._subscribed = set(self.registry.topics)
        return bool(new)

    async def _subscribe(self, topics: Sequence[str]) -> list[int]:
        codes: list[int] = []
        for batch in _batches(topics):
            try:
                granted = await self._client.subscribe([(topic, 1) for topic in batch])
            except self._error as error:
                raise self._break(error) from None
            codes += [int(getattr(code, "value", code)) for code in granted]
        return codes

    async def _unsubscribe(self, topics: Sequence[str]) -> None:
        for batch in _batches(topics):
            try:
                await self._client.unsubscribe(list(batch))
            except self._error as error:
                raise self._break(error) from None

    def _break(self, error: BaseException) -> LinkLost:
        self.lose()
        _log.info("the connection to the broker is lost: %s", _reason(error))
        if _reason(error) == "it does not answer":
            return self._broken("the smart home's broker does not answer")
        return self._broken("the connection to the smart home's broker broke")

    def _broken(self, what: str) -> LinkLost:
        return LinkLost(what, where=self._place, todo="Look whether the broker runs.")


def _batches(topics: Sequence[str]) -> Iterable[Sequence[str]]:
    return (topics[at : at + _BATCH] for at in range(0, len(topics), _BATCH))
