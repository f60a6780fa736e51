"""Times single functions of an agent while its requests run; is run inside the sandbox, beside `inside.py`.

A plain function is told by the processor's time, which what else runs on the machine does not add to; one that is
awaited by the clock, for there it is the waiting that counts.
"""

from __future__ import annotations

import functools
import inspect
import io
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["time_places"]

_STEADY = 0.02
_LEAST = 1e-8
"""Seconds for each look, where nothing else is left."""


class _Looks:
    """How often the clocks of all functions were looked at."""

    def __init__(self) -> None:
        self.count = 0


class _Clock:
    """Seconds in one function, with all that it calls; calls within a call of itself are a part of that."""

    def __init__(self, looks: _Looks) -> None:
        self.spent = 0.0
        self.looked = 0
        self.running = False
        self.looks = looks

    def take(self) -> tuple[float, int]:
        """What was spent since this was last asked, and how many looks at the processor's time that holds."""
        taken = self.spent, self.looked
        self.spent, self.looked = 0.0, 0
        return taken

    def around(self, function: Any) -> Any:
        """The function with its time taken."""
        clock, own = time.perf_counter, time.thread_time

        @functools.wraps(function)
        def timed(*args: Any, **named: Any) -> Any:
            if self.running:
                return function(*args, **named)
            self.running = True
            before = self.looks.count
            started = own()
            try:
                return function(*args, **named)
            finally:
                self.spent += own() - started
                # its own look is half before and half after what is timed
                self.looked += 1 + self.looks.count - before
                self.looks.count += 2
                self.running = False

        @functools.wraps(function)
        async def awaited(*args: Any, **named: Any) -> Any:
            # calls run side by side, so one that is within another can't be told from one beside it
            started = clock()
            try:
                return await function(*args, **named)
            finally:
                self.spent += clock() - started

        return awaited if inspect.iscoroutinefunction(function) else timed


def _looking() -> float:
    """Seconds from one look at the processor's time to the next, at the least."""
    own = time.thread_time
    return min(-(own() - own()) for _ in range(20))


def _clock_at(folder: str, path: str, qualified: str, looks: _Looks) -> _Clock | None:
    """A clock around a function or method, wherever it is known; None where there is none that can be timed."""
    module = sys.modules.get(path.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
    holder, _, name = qualified.rpartition(".")
    if module is None or "." in holder:
        return None
    owner = getattr(module, holder, None) if holder else module
    found: Any = vars(owner).get(name) if owner is not None else None
    kinds: tuple[Any, ...] = (staticmethod, classmethod)
    kind = next((one for one in kinds if isinstance(found, one)), None)
    function: Any = found.__func__ if kind else found
    if not callable(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return None
    clock = _Clock(looks)
    timed = clock.around(function)
    if holder:
        setattr(owner, name, kind(timed) if kind else timed)
        return clock
    for other in list(sys.modules.values()):
        if (getattr(other, "__file__", None) or "").startswith(folder):
            for key, value in list(vars(other).items()):
                if value is found:
                    setattr(other, key, timed)
    return clock


def time_places(
    agent: Any, folder: str, requests: list[Any], places: list[list[str]], run: Callable[[Any, list[Any]], object]
) -> Any:
    """For each function: seconds in the first pass over the requests, and in the fastest later one.

    What it takes to look at the processor's time, more than small functions take themselves, is taken off. None for a
    function that can't be timed, such as a property or a generator.
    """
    sys.stdout = sys.stderr = io.StringIO()
    agent.load(requests)
    looks = _Looks()
    clocks = [_clock_at(folder, place[0], place[1], looks) for place in places]
    for request in requests:
        agent.callee(request)
    agent.get_ready()
    _taken(clocks)
    run(agent, requests)
    first, later, looking = _taken(clocks), list[list[tuple[float, int]]](), _looking()
    ends = time.perf_counter() + _STEADY
    while len(later) < 3 or (time.perf_counter() < ends and len(later) < 200):
        run(agent, requests)
        later.append(_taken(clocks))
        looking = min(looking, _looking())
    fastest = [min(times) for times in zip(*later, strict=True)]
    return [
        None if clock is None else [max(spent - looked * looking, looked * _LEAST) for spent, looked in (once, again)]
        for clock, once, again in zip(clocks, first, fastest, strict=True)
    ]


def _taken(clocks: list[_Clock | None]) -> list[tuple[float, int]]:
    return [(0.0, 0) if clock is None else clock.take() for clock in clocks]
