"""The contextvar collector in which an agent's tools register their intents.

Set once before a run, only appended to inside it, and reset afterwards: rebinding inside a tool would be lost in
worker threads. Tools of one turn may run at once, so each entry is stamped with its tool call's id and sorted by the
order in which the model asked for the calls.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextvars import ContextVar, Token
from dataclasses import dataclass

from common.errors import IntentError
from common.intents import Intent

__all__ = [
    "CollectedIntent",
    "IntentCollector",
    "clear_current_collector",
    "get_current_collector",
    "register_intent",
    "set_current_collector",
]


@dataclass(frozen=True, slots=True)
class CollectedIntent:
    """An intent with the tool call that registered it."""

    intent: Intent
    call_id: str = ""
    task: str = ""


class IntentCollector:
    """Gathers the intents of one run, bounded by `limit`; safe to use from tool threads.

    A `child` gathers those of one attempt at one task: it sees what its parent holds, and its own entries count only
    once the parent has absorbed them.
    """

    __slots__ = ("_call_order", "_collected", "_limit", "_lock", "_parent")

    def __init__(self, limit: int = 100, parent: IntentCollector | None = None) -> None:
        self._limit = limit
        self._parent = parent
        self._lock = threading.Lock()
        self._collected: list[CollectedIntent] = []
        self._call_order: dict[str, int] = {}

    def expect_call(self, call_id: str) -> None:
        """Note that the model asked for this call now; fixes the order of what the call registers later."""
        with self._lock:
            self._call_order.setdefault(call_id, len(self._call_order))

    def register(self, intent: Intent, *, call_id: str = "", task: str = "") -> None:
        """Add an intent. Raises `IntentError` when the run registers more than the bound."""
        with self._lock:
            if len(self._collected) >= self._limit:
                raise IntentError(
                    f"one run may register at most {self._limit} intents",
                    where=intent.TYPE,
                    todo="Split the request, or raise intents.max_per_request.",
                )
            self._collected.append(CollectedIntent(intent, call_id, task))

    def collected(self) -> Sequence[CollectedIntent]:
        """All entries, in the order of their tool calls."""
        with self._lock:
            last = len(self._call_order)
            return sorted(self._collected, key=lambda entry: self._call_order.get(entry.call_id, last))

    def get_intents(self) -> list[Intent]:
        """The intents alone, the parent's first, in the order of their tool calls."""
        inherited = self._parent.get_intents() if self._parent is not None else []
        return [*inherited, *(entry.intent for entry in self.collected())]

    def child(self) -> IntentCollector:
        """A collector for one attempt, thrown away when the attempt fails."""
        return IntentCollector(self._limit, self)

    def absorb(self, child: IntentCollector) -> None:
        """Take over what an attempt gathered. Raises `IntentError` beyond the bound."""
        for entry in child.collected():
            self.expect_call(entry.call_id)
            self.register(entry.intent, call_id=entry.call_id, task=entry.task)

    def clear(self) -> None:
        """Forget everything gathered so far."""
        with self._lock:
            self._collected.clear()
            self._call_order.clear()


_current: ContextVar[IntentCollector | None] = ContextVar("supervisor_intent_collector", default=None)


def set_current_collector(collector: IntentCollector) -> Token[IntentCollector | None]:
    """Make `collector` the one that tools of this context register in; returns the token for `clear`."""
    return _current.set(collector)


def get_current_collector() -> IntentCollector | None:
    """The collector of this context, if a run is under way."""
    return _current.get()


def clear_current_collector(token: Token[IntentCollector | None] | None = None) -> None:
    """Undo `set_current_collector` (with its token: back to what was there before)."""
    if token is None:
        _current.set(None)
    else:
        _current.reset(token)


async def register_intent(intent: Intent) -> None:
    """Register an intent from inside a tool. Raises `IntentError` outside a run."""
    collector = get_current_collector()
    if collector is None:
        raise IntentError(
            "an intent was registered outside an agent's run",
            where=intent.TYPE,
            todo="Call register_intent only from a tool while an agent runs.",
        )
    collector.register(intent)
