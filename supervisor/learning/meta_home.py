"""Where a `MetaAgent` lives: over a store of its own, on an event loop in a thread, or inside a supervisor."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import anyio.to_thread

from common.clock import Clock, SystemClock
from common.errors import ConfigurationError
from common.settings import Settings
from events.projection import Views
from events.store import EventStore
from events.views.builtin import builtin_views
from supervisor.commands.guidelines import GuidelineCommands
from supervisor.learning.integration import Learning, make_learning
from supervisor.learning.meta_agent_config import MetaAgentConfig
from supervisor.store_opening import open_store
from supervisor.synchronous import SynchronousLoop

if TYPE_CHECKING:
    from supervisor.facade import Supervisor

__all__ = ["Home", "OwnHome", "SupervisorHome"]

Result = TypeVar("Result")


class Home(Protocol):
    """The parts of learning, and the loop that they are used on."""

    @property
    def store(self) -> EventStore:
        """The log."""
        ...

    @property
    def learning(self) -> Learning:
        """Learning over it."""
        ...

    @property
    def guidelines(self) -> GuidelineCommands:
        """Changes of guidelines."""
        ...

    def call(self, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any, **named: Any) -> Result:
        """Call an async function there from another thread, and wait."""
        ...

    async def call_async(
        self, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any, **named: Any
    ) -> Result:
        """Await an async function there."""
        ...

    def close(self) -> None:
        """Let go what was opened for it."""
        ...


class OwnHome:
    """A store that nobody else here has open, on a loop of its own. Raises what `open_store` raises."""

    def __init__(self, settings: Settings, config: MetaAgentConfig, clock: Clock | None = None) -> None:
        self._settings = settings
        self._config = config
        self._clock = clock or SystemClock()
        self._loop = SynchronousLoop(self._held())

    @asynccontextmanager
    async def _held(self) -> AsyncGenerator[None]:
        if self._settings.store_url != "memory://":
            await anyio.to_thread.run_sync(_make_folder, self._settings.data_dir)
        async with await open_store(self._settings) as store:
            ownership = await store.ownership()
            views = Views(store, builtin_views())
            try:
                self.store = store
                self.guidelines = GuidelineCommands(store)
                self.learning = make_learning(store, views, self._clock, ownership, self.guidelines, self._config)
                yield
            finally:
                await views.close()
                await anyio.to_thread.run_sync(ownership.release)

    def call(self, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any, **named: Any) -> Result:
        """Call an async function on the loop, and wait."""
        return self._loop.call(function, *arguments, **named)

    async def call_async(
        self, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any, **named: Any
    ) -> Result:
        """Await an async function on the loop."""
        return await self._loop.call_async(function, *arguments, **named)

    def close(self) -> None:
        """Close the store and end the loop."""
        self._loop.close()


class SupervisorHome:
    """The log of a running supervisor. Raises `ConfigurationError` for one that is not started."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self.store: EventStore = supervisor.store
        self.learning: Learning = supervisor.learning
        self.guidelines: GuidelineCommands = supervisor.guidelines

    def call(self, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any, **named: Any) -> Result:
        """Call an async function on the supervisor's loop; `ConfigurationError` where that is one of the caller's."""
        return self._supervisor.run_sync(function, *arguments, **named)

    async def call_async(
        self, function: Callable[..., Coroutine[Any, Any, Result]], *arguments: Any, **named: Any
    ) -> Result:
        """Await an async function, in the supervisor's own loop."""
        return await function(*arguments, **named)

    def close(self) -> None:
        """Nothing: the supervisor goes on."""


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the data folder can't be made: {error.strerror}", where=f"data_dir {folder}", todo="Name another one."
        ) from None
