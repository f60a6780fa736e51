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

_STEADY = 0.03


class _Clock:
    """Seconds in one function, with all that it calls; calls within a call of itself are a part of that."""

    def __init__(self) -> None:
        self.spent = 0.0
        self.running = False

    def take(self) -> float:
        """What was spent since this was last asked."""
        spent, self.spent = self.spent, 0.0
        return spent

    def around(self, function: Any) -> Any:
        """The function with its time taken."""
        clock, own = time.perf_counter, time.thread_time

        @functools.wraps(function)
        def timed(*args: Any, **named: Any) -> Any:
            if self.running:
                return function(*args, **named)
            self.running = True
            started = own()
            try:
                return function(*args, **named)
            finally:
                self.spent += own() - started
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


def _clock_at(folder: str, path: str, qualified: str) -> _Clock | None:
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
    clock = _Clock()
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

    None for a function that can't be timed, such as a property or a generator.
    """
    sys.stdout = sys.stderr = io.StringIO()
    agent.load(requests)
    clocks = [_clock_at(folder, *place) for place in places]
    for request in requests:
        agent.callee(request)
    agent.get_ready()
    _taken(clocks)
    run(agent, requests)
    first, later = _taken(clocks), list[list[float]]()
    ends = time.perf_counter() + _STEADY
    while len(later) < 3 or (time.perf_counter() < ends and len(later) < 200):
        run(agent, requests)
        later.append(_taken(clocks))
    fastest = list(map(min, zip(*later, strict=True)))
    return [None if clock is None else [once, again] for clock, once, again in zip(clocks, first, fastest, strict=True)]


def _taken(clocks: list[_Clock | None]) -> list[float]:
    return [0.0 if clock is None else clock.take() for clock in clocks]
