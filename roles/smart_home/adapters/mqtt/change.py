"""One change of several devices: what is to be said to whom, and what their states say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from roles.smart_home.adapters.mqtt.entity import Command, Entity, Wanted
from roles.smart_home.adapters.mqtt.registry import Registry
from roles.smart_home.backend import Applied, States
from roles.smart_home.house import State
from roles.smart_home.words import describe, named, state_words

__all__ = ["Change", "failure_of", "on_the_way"]


def failure_of(registry: Registry, name: str, wanted: Wanted) -> str:
    """Why a device can't be told this, as a clause; "" where it can."""
    if problem := registry.house.problem(name, wanted):
        return problem
    return "" if registry.reachable(name) else describe(name, "not reachable")


class Change:
    """A change under way; `waiting` are the devices whose state is still to follow."""

    def __init__(self, registry: Registry, states: States) -> None:
        self._registry = registry
        self._states = states
        self._entities: dict[str, Entity] = {}
        self._before: dict[str, State] = {}
        self._mark = 0
        self.commands: dict[str, Sequence[Command]] = {}
        self.waiting: set[str] = set()
        self._already: set[str] = set()
        self._moving: set[str] = set()
        self._told: set[str] = set()
        self.failed: dict[str, str] = {}
        for name, wanted in states.items():
            self._consider(name, wanted)

    def _consider(self, name: str, wanted: Wanted) -> None:
        if failure := failure_of(self._registry, name, wanted):
            self.failed[name] = failure
            return
        entity, reported = self._registry.devices[name].entity, self._registry.reported(name)
        self._entities[name], self._before[name] = entity, reported
        if entity.confirms(wanted, reported) and not (entity.silent_about(wanted) or reported.get("moving")):
            self._already.add(name)
        else:
            self.commands[name] = entity.tell(wanted, reported)

    def begin(self) -> None:
        """From here on, what a device reports is an answer."""
        self._mark = self._registry.sequence

    def sent(self, name: str) -> None:
        """The broker has everything that is said to this device."""
        entity, wanted = self._entities[name], self._states[name]
        if entity.silent_about(wanted):
            self._told.add(name)
        if entity.reports & set(wanted):
            self.waiting.add(name)

    def look(self) -> bool:
        """Read the answers; whether all have come."""
        for name in tuple(self.waiting):
            device = self._registry.devices.get(name)
            if device is None or not self._registry.heard_since(name, self._mark):
                continue
            wanted, reported = self._states[name], self._registry.reported(name)
            if reported.get("lock") == "jammed":
                self.failed[name] = describe(name, "jammed")
            elif not device.entity.confirms(wanted, reported):
                if not (device.entity.moves and on_the_way(wanted, self._before[name], reported)):
                    continue
                self._moving.add(name)
            self.waiting.discard(name)
        return not self.waiting

    @property
    def told(self) -> frozenset[str]:
        """Devices that were told, and report nothing of it."""
        return frozenset(self._told)

    def applied(self) -> Applied:
        """What became of it once nobody is waited for."""
        return Applied(
            already=frozenset(self._already),
            moving=frozenset(self._moving),
            told=frozenset(self._told) - frozenset(self.failed),
            failed=dict(self.failed),
        )

    def open_words(self, unsent: Sequence[str] = ()) -> str:
        """Who has not confirmed, and what is known of the others."""
        silent = [name for name in self._states if name in self.waiting and name not in unsent]
        clauses = [f"{named(name)} has not confirmed it{self._still(name)}" for name in silent]
        clauses += [f"{named(name)} was not told" for name in unsent]
        return "; ".join([*clauses, *self.failed.values()])

    def _still(self, name: str) -> str:
        state = self._registry.state(name) if name in self._registry.devices else {}
        return f" and still says: {state_words(state)}" if state else ""


def on_the_way(wanted: Wanted, before: Mapping[str, JsonValue], reported: Mapping[str, JsonValue]) -> bool:
    """Whether a cover moves where it is to go: it says so, or its position came nearer."""
    goal, start, now = (_number(state.get("position")) for state in (wanted, before, reported))
    if goal is None:
        return False
    origin = start if start is not None else now
    upward = goal > origin if origin is not None else None
    moving = reported.get("moving")
    if moving in ("opening", "closing"):
        ends = {100.0: "opening", 0.0: "closing"}
        return moving == ends.get(goal, moving) if upward is None else (moving == "opening") is upward
    return start is not None and now is not None and (now - start) * (goal - start) > 0


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
