"""The house of a broker: devices that announce themselves, commands that are confirmed by the states that follow."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import anyio

from common.clock import Clock
from common.context import Owner
from common.health import Reached
from common.intents import Effect
from common.logs import get_logger
from common.settings import SmartHomeSettings
from roles.smart_home.adapters.mqtt.change import Change, failure_of, on_the_way
from roles.smart_home.adapters.mqtt.link import Link, LinkLost, connected
from roles.smart_home.adapters.mqtt.registry import EMPTY_HOUSE, Registry
from roles.smart_home.backend import Applied, HouseError, States, Unconfirmed
from roles.smart_home.house import House, State
from roles.smart_home.words import describe, named, state_words

__all__ = ["MqttHouse"]

_log = get_logger(__name__)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0
_SETTLE_SECONDS = 60.0
_LOOKED_SECONDS = 2.0
_MARGIN = 0.1
_RETRY = 0.2
_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a request's preparation found, for the same request's first look."""

    at: float
    registry: Registry | None = None
    error: HouseError | None = None


@dataclass(frozen=True, slots=True)
class _Sent:
    """What the broker took of one change: for devices that report nothing of it, and for those that kept silent."""

    told: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()


class MqttHouse:
    """Implements `HouseBackend`; the house belongs to one tenant.

    While `serve` runs, its connection knows every state as it is told. Without it every operation opens a connection
    of its own and asks anew.
    """

    effect = Effect.QUERYABLE

    def __init__(self, settings: SmartHomeSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._timeout = settings.mqtt.timeout
        self._live: Link | None = None
        self._known: Registry | None = None
        self._looked: _Looked | None = None
        self._sent: OrderedDict[str, _Sent] = OrderedDict()
        self._wanted = anyio.Event()

    @property
    def lasts(self) -> float:
        """See `HouseBackend`: a time-out to connect, another one for the devices to confirm."""
        return 2 * self._timeout

    def house_of(self, owner: Owner) -> House:
        """See `HouseBackend`."""
        registry = self._live.registry if self._live is not None else self._known
        return registry.house if registry is not None and owner.tenant == self._settings.mqtt.tenant else EMPTY_HOUSE

    def _check(self, owner: Owner) -> None:
        if owner.tenant != self._settings.mqtt.tenant:
            raise HouseError(
                "no house is configured for you", where="smart_home.mqtt.tenant", todo="Ask whoever runs this."
            )

    async def serve(self) -> None:
        """Keep a connection until cancelled; reconnect after pauses that grow, and at once when somebody needs it."""
        pause = _FIRST_PAUSE
        while True:
            self._wanted = anyio.Event()
            try:
                async with connected(self._settings) as link:
                    with anyio.fail_after(max(_SETTLE_SECONDS, self._timeout)):
                        await link.settle()
                    pause = _FIRST_PAUSE
                    self._live = self._keep(link)
                    await link.follow()
            except (HouseError, TimeoutError) as error:
                _log.warning("the smart home's broker is not connected: %s", error or "it told its devices too slowly")
            finally:
                self._live = None
            with anyio.move_on_after(pause * random.uniform(0.5, 1.0)):  # noqa: S311 - only spreads reconnections
                await self._wanted.wait()
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _keep(self, link: Link) -> Link:
        self._known = link.registry
        return link

    @asynccontextmanager
    async def _link(self) -> AsyncGenerator[Link]:
        """The connection that is kept, if it answers; else one for this operation. Raises `HouseError`."""
        live = self._live
        if live is not None and not live.lost:
            await live.ping()
            yield live
            return
        async with connected(self._settings) as link:
            await self._settle(link)
            self._wanted.set()
            yield link

    async def _settle(self, link: Link) -> None:
        try:
            with anyio.fail_after(self._timeout):
                await link.settle()
        except TimeoutError:
            raise HouseError("the smart home's broker told its devices too slowly", where="smart_home.mqtt") from None
        self._keep(link)

    async def prepare(self, owner: Owner) -> None:
        """See `HouseBackend`."""
        if owner.tenant != self._settings.mqtt.tenant or (self._live is not None and not self._live.lost):
            return
        try:
            async with self._link() as link:
                self._looked = _Looked(anyio.current_time(), link.registry)
        except HouseError as error:
            self._looked = _Looked(anyio.current_time(), error=error)
            raise

    async def states(self, owner: Owner) -> dict[str, State]:
        """See `HouseBackend`."""
        self._check(owner)
        registry = await self._look()
        if not registry.devices:
            raise HouseError(
                "no device has announced itself at the smart home's broker",
                where=f"smart_home.mqtt.discovery_prefix {self._settings.mqtt.discovery_prefix}",
                todo="Switch Home Assistant's MQTT discovery on at the devices.",
            )
        return {name: registry.state(name) for name in registry.devices}

    async def _look(self) -> Registry:
        looked, self._looked = self._looked, None
        if looked is not None and anyio.current_time() - looked.at < _LOOKED_SECONDS:
            if looked.error is not None:
                raise looked.error
            if looked.registry is not None:
                return looked.registry
        async with self._link() as link:
            return link.registry

    async def apply(self, owner: Owner, states: States, *, key: str, not_after: datetime) -> Applied:
        """See `HouseBackend`. A device counts as changed when it reports so by itself, after it was told.

        A cover that reports that it is on its way counts too. Nothing is said to a device that is so already.
        """
        self._check(owner)
        left = (not_after - self._clock.now()).total_seconds() - _MARGIN
        deadline = anyio.current_time() + left
        async with self._link() as link:
            change = Change(link.registry, states)
            if len(change.failed) == len(states):
                raise HouseError("; ".join(change.failed.values()), where="smart_home.mqtt")
            if change.commands:
                if anyio.current_time() >= deadline:
                    raise HouseError("the time for it was over before anything was sent", where="smart_home.mqtt")
                await self._carry(link, change, key, deadline)
        if len(change.failed) == len(states):
            raise HouseError("; ".join(change.failed.values()), where="smart_home.mqtt")
        return change.applied()

    async def _carry(self, link: Link, change: Change, key: str, deadline: float) -> None:
        """Say it to the devices, and wait for their answers. Raises `Unconfirmed`."""
        change.begin()
        unsent = list(change.commands)
        try:
            with anyio.fail_after(max(0.0, deadline - anyio.current_time())):
                for name, commands in change.commands.items():
                    change.waiting.add(name)
                    for command in commands:
                        await link.publish(command)
                    unsent.remove(name)
                    change.waiting.discard(name)
                    change.sent(name)
                await link.until(change.look)
        except LinkLost as error:
            raise Unconfirmed(f"{error.what} before it was confirmed: {change.open_words(unsent[1:])}") from None
        except TimeoutError:
            if unsent:
                link.lose()  # nothing of it may leave later
                raise Unconfirmed(f"the broker did not confirm it: {change.open_words(unsent[1:])}") from None
            self._remember(key, _Sent(change.told, frozenset(change.waiting)))
            raise Unconfirmed(change.open_words()) from None

    def _remember(self, key: str, sent: _Sent) -> None:
        self._sent[key] = sent
        while len(self._sent) > _REMEMBERED:
            self._sent.popitem(last=False)

    async def applied(self, owner: Owner, states: States, *, key: str) -> Applied | None:
        """See `HouseBackend`. Asks over a connection of its own, so that nothing that is told is older than that.

        What the broker took for a device that then kept silent is not said again: that raises `Unconfirmed`.
        """
        self._check(owner)
        deadline = anyio.current_time() + self._timeout
        sent = self._sent.get(key, _Sent())
        async with self._fresh_link(deadline) as link:
            with anyio.move_on_after(max(0.0, deadline - anyio.current_time())):
                await link.until(lambda: all(self._is_known(link.registry, name, states[name]) for name in states))
            return self._judged(link.registry, states, sent)

    @asynccontextmanager
    async def _fresh_link(self, deadline: float) -> AsyncGenerator[Link]:
        """A new connection, tried again until the deadline: the broker may be about to come back."""
        async with AsyncExitStack() as stack:
            while True:
                try:
                    link = await stack.enter_async_context(connected(self._settings))
                    await self._settle(link)
                    break
                except HouseError:
                    await stack.aclose()
                    if anyio.current_time() + _RETRY >= deadline:
                        raise
                    await anyio.sleep(_RETRY)
            yield link

    def _state(self, registry: Registry, name: str) -> State:
        """What a device reports; where nothing of it is kept at the broker, what the kept connection heard."""
        state = registry.reported(name)
        live = self._live
        if live is not None and not live.lost and name in live.registry.devices:
            return {**live.registry.reported(name), **state}
        return state

    def _is_known(self, registry: Registry, name: str, wanted: Mapping[str, object]) -> bool:
        if name not in registry.devices or not registry.reachable(name):
            return False
        shown = registry.devices[name].entity.reports & set(wanted)
        return shown <= set(self._state(registry, name))

    def _judged(self, registry: Registry, states: States, sent: _Sent) -> Applied | None:
        moving: set[str] = set()
        told: set[str] = set()
        other: list[str] = []
        unclear: list[str] = []
        for name, wanted in states.items():
            if failure := failure_of(registry, name, wanted):
                unclear.append(failure)
                continue
            entity, state = registry.devices[name].entity, self._state(registry, name)
            shown = entity.reports & set(wanted)
            if entity.silent_about(wanted) and name not in sent.told:
                unclear.append(f"{named(name)} does not report it")
            elif not self._is_known(registry, name, wanted):
                unclear.append(f"{named(name)} has not told its state")
            elif shown and not entity.confirms(wanted, state):
                if entity.moves and on_the_way(wanted, {}, state):
                    moving.add(name)
                elif name in sent.silent:
                    unclear.append(f"{named(name)} was told and has not followed")
                else:
                    other.append(name)
            elif entity.silent_about(wanted):
                told.add(name)
        if unclear:
            known = [describe(name, state_words(registry.state(name))) for name in states if name in registry.devices]
            raise Unconfirmed("; ".join([*unclear, *(f"now {words}" for words in known)]))
        return None if other else Applied(moving=frozenset(moving), told=frozenset(told))

    async def probe(self) -> Reached:
        """Ask the broker who it is and which devices it knows; nothing is changed. Raises `HouseError`."""
        async with connected(self._settings) as link:
            await self._settle(link)
            count = len(link.registry.devices)
        return Reached(link.version, f"{count} device{'' if count == 1 else 's'}")
