"""The outbox: what waits to be delivered to addresses, and the task that delivers it.

Every address has a lane of its own, so that one that hangs holds up nobody else, and messages arrive in their order.
A delivery that fails is tried again after a pause; a message is given up after the last try, which is logged and
counted. A delivery whose end is not known (no answer in time) may have arrived: if it ends after all before the next
try, its result counts, otherwise the message is sent again and can arrive twice.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio
import anyio.to_thread
from prometheus_client import Counter

from common.context import Owner
from common.errors import SupervisorError
from common.health import Reached
from common.logs import get_logger
from supervisor.notifiers.address import Address, DeliveryFailed

__all__ = ["Message", "Outbox"]

_log = get_logger(__name__)
_PAUSES = (2.0, 10.0)
_LOOK = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """What is delivered: plain text, cleaned and cut."""

    kind: str
    title: str
    text: str


class _Sending:
    """One delivery in a worker thread, which may outlast whoever waits for it."""

    def __init__(self, message: Message, address: Address) -> None:
        self.message = message
        self.ended = False
        self.problem: str | None = None
        self._address = address
        self._lock = threading.Lock()
        self._state = "new"

    def run(self) -> None:
        with self._lock:
            if self._state == "withdrawn":
                return
            self._state = "started"
        try:
            self._address.send(self.message.title, self.message.text)
        except DeliveryFailed as failure:
            self.problem = str(failure)
        except Exception as error:  # an address must not end its lane, nor put its secrets into the log
            self.problem = f"it failed ({type(error).__name__})"
        finally:
            self.ended = True

    def withdraw(self) -> bool:
        """Keep it from starting; False where it has started."""
        with self._lock:
            if self._state == "new":
                self._state = "withdrawn"
            return self._state == "withdrawn"

    async def wait(self) -> None:
        # The thread may outlast this event loop, so it can't set an event of it.
        while not self.ended:  # noqa: ASYNC110
            await anyio.sleep(_LOOK)


class _Lane:
    """The messages for one address, oldest first. The first stays in until its fate is known."""

    def __init__(
        self, address: Address, counter: Counter, *, timeout: float, queue: int, pauses: Sequence[float]
    ) -> None:
        self.address = address
        self._counter = counter
        self._timeout = timeout
        self._queue = queue
        self._pauses = tuple(pauses)
        self._waiting: deque[Message] = deque()
        self._sending: _Sending | None = None
        self._news = anyio.Event()

    def post(self, message: Message) -> None:
        if len(self._waiting) >= self._queue:
            self._count(message, "dropped")
            _log.warning(
                "%s: %d notifications wait already; a %s was dropped", self.address.place, self._queue, message.kind
            )
            return
        self._waiting.append(message)
        self._news.set()

    async def run(self) -> None:
        while True:
            self._news = anyio.Event()
            await self.empty()
            await self._news.wait()

    async def empty(self) -> None:
        while self._waiting:
            await self._deliver(self._waiting[0])
            self._waiting.popleft()

    def give_up(self) -> int:
        """Drop what still waits; returns how many."""
        left = len(self._waiting)
        for message in self._waiting:
            self._count(message, "dropped")
        self._waiting.clear()
        return left

    async def _deliver(self, message: Message) -> None:
        problem: str | None = None
        for pause in (0.0, *self._pauses):
            await anyio.sleep(pause)
            problem = await self._try(message)
            if problem is None:
                self._count(message, "delivered")
                return
        self._count(message, "failed")
        tries = 1 + len(self._pauses)
        _log.warning("%s: a %s was not delivered in %d tries: %s", self.address.place, message.kind, tries, problem)

    async def _try(self, message: Message) -> str | None:
        """Deliver once; returns why it failed. At most one thread of this lane is at work."""
        try:
            with anyio.fail_after(self._timeout):
                if self._sending is not None and self._sending.message is not message:
                    await self._sending.wait()
                    self._sending = None
                if self._sending is None:
                    await self._start(message)
                else:
                    await self._sending.wait()
        except TimeoutError:
            return f"no answer within {self._timeout:g} s"
        ended, self._sending = self._sending, None
        return ended.problem if ended is not None else None

    async def _start(self, message: Message) -> None:
        sending = self._sending = _Sending(message, self.address)
        try:
            await anyio.to_thread.run_sync(sending.run, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1))
        finally:
            if not sending.ended and sending.withdraw():
                self._sending = None

    def _count(self, message: Message, status: str) -> None:
        self._counter.labels(message.kind, status).inc()


class Outbox:
    """Delivers messages to the addresses of their owners, and to nobody else.

    `timeout` bounds one delivery, in seconds; `queue` is how many messages may wait at an address; `pauses` are the
    seconds before each further try.
    """

    def __init__(
        self,
        addresses: Mapping[Owner, Sequence[Address]],
        counter: Counter,
        *,
        timeout: float,
        queue: int,
        pauses: Sequence[float] = _PAUSES,
    ) -> None:
        self._lanes = {
            owner: [_Lane(address, counter, timeout=timeout, queue=queue, pauses=pauses) for address in places]
            for owner, places in addresses.items()
        }

    def post(self, owner: Owner, message: Message) -> None:
        """Have a message delivered to each address of its owner; never waits and never raises."""
        for lane in self._lanes.get(owner, ()):
            lane.post(message)

    async def run(self) -> None:
        """Deliver what is posted, until cancelled."""
        async with anyio.create_task_group() as group:
            for lane in self._all():
                group.start_soon(lane.run)

    async def close(self, seconds: float) -> None:
        """Deliver what still waits, for at most `seconds`; `run` must have ended. The rest is logged and dropped."""
        with anyio.move_on_after(seconds, shield=True):
            async with anyio.create_task_group() as group:
                for lane in self._all():
                    group.start_soon(lane.empty)
        for lane in self._all():
            if left := lane.give_up():
                _log.warning("%s: %d notifications were not delivered before the end", lane.address.place, left)

    async def probe(self) -> Reached:
        """Ask every address whether it is there. Raises `SupervisorError` that names those that are not."""
        missing: list[str] = []
        reached: list[str] = []

        async def ask(address: Address) -> None:
            try:
                reached.append(f"{address.place} {(await address.probe()).detail}")
            except SupervisorError as error:
                missing.append(f"{address.place}: {error.what}")

        async with anyio.create_task_group() as group:
            for lane in self._all():
                group.start_soon(ask, lane.address)
        if missing:
            raise SupervisorError(
                "; ".join(sorted(missing)),
                where="notifications",
                todo="Look at the service that takes notifications, or change its address.",
            )
        return Reached(detail="; ".join(sorted(reached)))

    def _all(self) -> list[_Lane]:
        return [lane for lanes in self._lanes.values() for lane in lanes]
