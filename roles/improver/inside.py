"""Runs inside the sandbox: tests, replays, measures and profiles an agent's code, and prints what came of it as JSON.

Its text is handed to the interpreter on the command line, and its work on standard input, so that neither it nor any
test or request lies in a file that the code could write to. Expected answers are not here at all: they are compared
outside. Every piece of work is done in a process of its own, forked before any of the agent's code was imported.
It needs the standard library only, and what is imported from `roles.improver`, which is handed over with it.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import importlib
import io
import json
import os
import random
import sys
import time
import tracemalloc
import types

from roles.improver.canonical import LONG, TRANSIENT, brief, canonical, describe_error
from roles.improver.recorded_rows import RowSource
from roles.improver.time_limit import TooLong, at_most
from roles.improver.timed_functions import time_places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_clock = time.perf_counter
_COROUTINE = 0x80
_STEADY = 0.03
_HELD_BYTES = 48 * 2**20
_HELD_SECONDS = 5.0
_PRIVATE: list[int] = []
"""Descriptors that the processes of the agent's code don't get."""
_POOL: list[str] = []
"""The rows of the requests, which name them by number."""


def in_child(work: Callable[[], Any]) -> Any:
    """What the work gives, done in a process of its own; a dictionary with `crashed` where it gave nothing."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            for descriptor in (reading, *_PRIVATE):
                os.close(descriptor)
            # what is measured gets no hold on what measures it
            sys.modules["__main__"] = types.ModuleType("__main__")
            told = json.dumps(work()).encode()
            with open(writing, "wb") as pipe:
                pipe.write(told)
            status = 0
        except BaseException as error:
            with contextlib.suppress(BaseException):
                os.write(writing, json.dumps({"crashed": describe_error(error)}).encode())
        finally:
            os._exit(status)
    os.close(writing)
    with open(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    try:
        return json.loads(data)
    except ValueError:
        return {"crashed": [["Ended"], "the process ended without an answer"]}


class Agent:
    """The code of one side, imported in this process, and the objects that requests are sent to."""

    def __init__(self, folder: str, seed: int = 0) -> None:
        sys.path.insert(0, folder)
        random.seed(seed)
        self._objects: dict[str, Any] = {}
        self._source: RowSource | None = None
        self._loop: Any = None

    def load(self, requests: list[Any]) -> None:
        """Import the modules that the requests go to."""
        for request in requests:
            importlib.import_module(request["target"].partition(":")[0])

    def constructor(self, request: Any) -> tuple[Any, list[Any], dict[str, Any]] | None:
        """The class of a request's target, and what it is made with; None for a function."""
        module, _, path = request["target"].partition(":")
        if "." not in path:
            return None
        made = getattr(sys.modules[module], path.partition(".")[0])
        if request["rows"] is not None:
            return made, [self._source_of(request), *request["construct"]], request["construct_named"]
        return made, request["construct"], request["construct_named"]

    def _source_of(self, request: Any) -> RowSource:
        """The source of rows, which answers this request from now on; one for all, as an agent has one database."""
        if self._source is None:
            self._source = RowSource(_POOL, request["target"].partition(".")[0])
        self._source.turn_to(request["rows"], lenient=request["lenient"])
        return self._source

    @property
    def fetches(self) -> int:
        """How often rows were asked for."""
        return 0 if self._source is None else self._source.fetches

    def callee(self, request: Any) -> Callable[..., Any]:
        """What a request calls. Objects that are made alike are the same one, as in a worker that lives on."""
        module, _, path = request["target"].partition(":")
        made = self.constructor(request)
        if made is None:
            return getattr(sys.modules[module], path)
        has_source = request["rows"] is not None
        key = json.dumps([module, path.partition(".")[0], has_source, request["construct"], made[2]])
        if key not in self._objects:
            given = [*made[1][:has_source], *copy.deepcopy(made[1][has_source:])]
            self._objects[key] = made[0](*given, **copy.deepcopy(made[2]))
        return getattr(self._objects[key], path.partition(".")[2])

    def finish(self, answer: Any) -> Any:
        """The answer itself, or what it comes to where it has to be awaited."""
        if not hasattr(answer, "__await__"):
            return answer
        self.get_ready()
        return self._loop.run_until_complete(answer)

    def get_ready(self) -> None:
        """Have an event loop, so that making it is no part of what is measured."""
        if self._loop is None:
            import asyncio

            self._loop = asyncio.new_event_loop()


def replay(folder: str, requests: list[Any], seconds: float, again: int = 0) -> list[Any]:
    """The outcome of each request in turn: its answer or error, what it printed, its arguments afterwards.

    Those whose source was out of reach are asked up to so many times `again`, as a patient caller would.
    """
    agent = Agent(folder)
    agent.load(requests)
    return [_patient_outcome(agent, request, seconds, again) for request in requests]


def _patient_outcome(agent: Agent, request: Any, seconds: float, again: int) -> Any:
    outcome = _outcome(agent, request, seconds)
    while again and TRANSIENT.intersection(outcome.get("error", ((),))[0]):
        again, printed = again - 1, outcome["printed"]
        outcome = _outcome(agent, request, seconds)
        if "printed" in outcome:
            outcome["printed"] = (printed + outcome["printed"])[:LONG]
    return outcome


def _outcome(agent: Agent, request: Any, seconds: float) -> Any:
    args, named = copy.deepcopy(request["args"]), copy.deepcopy(request["named"])
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), at_most(seconds):
            answer = canonical(agent.finish(agent.callee(request)(*args, **named)))
    except TooLong:
        return {"late": True}
    except BaseException as error:
        return {"error": describe_error(error), "printed": printed.getvalue()[:LONG]}
    return {"answer": brief(answer), "printed": printed.getvalue()[:LONG], "after": brief(canonical([args, named]))}


def run_tests(folder: str, name: str, text: str, seconds: float) -> Any:
    """The outcome of each test of one module: empty where it passed, else why not."""
    Agent(folder)
    module = types.ModuleType(name)
    sys.modules[name] = module
    told: dict[str, str] = {}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(text, name, "exec"), module.__dict__)  # noqa: S102 - the sandbox is where tests are run
        for test, call in _tests_of(module):
            try:
                with at_most(seconds):
                    call()
                told[test] = ""
            except BaseException as error:
                told[test] = ": ".join([type(error).__name__, str(error)[:200]])
    return told


def _tests_of(module: Any) -> Iterator[tuple[str, Callable[[], None]]]:
    things: list[tuple[str, Any]] = list(module.__dict__.items())
    for name, thing in things:
        if name.startswith("test_") and callable(thing):
            yield from _cases(name, thing, None)
        elif isinstance(thing, type) and (name.startswith("Test") or hasattr(thing, "assertEqual")):
            for part in sorted(dir(thing)):
                if part.startswith("test"):
                    yield from _cases(f"{name}.{part}", getattr(thing, part), thing)


def _cases(name: str, function: Any, owner: Any) -> Iterator[tuple[str, Callable[[], None]]]:
    rows: list[dict[str, Any]] = [{}]
    for mark in getattr(function, "pytestmark", ()):
        if mark.name == "parametrize":
            names = (
                [part.strip() for part in mark.args[0].split(",")] if isinstance(mark.args[0], str) else mark.args[0]
            )
            values = [value if len(names) > 1 else (value,) for value in mark.args[1]]
            rows = [{**row, **dict(zip(names, value, strict=True))} for row in rows for value in values]
    for number, row in enumerate(rows):

        def call(row: dict[str, Any] = row) -> None:
            if owner is not None and hasattr(owner, "assertEqual"):
                # a suite runs what a class sets up for all its tests, too
                import unittest

                result = unittest.TestResult()
                unittest.TestSuite([owner(name.partition(".")[2])]).run(result)
                for _, problem in (*result.errors, *result.failures):
                    raise AssertionError(problem)
                return
            answer = function(owner(), **row) if owner is not None else function(**row)
            if hasattr(answer, "__await__"):
                import asyncio

                asyncio.run(answer)

        yield (name if len(rows) == 1 else f"{name}[{number}]"), call


def time_side(folder: str, requests: list[Any], instantiations: int, seconds: float) -> Any:
    """Seconds of loading, of a cold start, of instantiation (median), of each request at first and in later passes.

    Of the later passes `later` has the median of each request, `fastest` the least.
    """
    agent = Agent(folder)
    sys.stdout = sys.stderr = io.StringIO()
    started = _clock()
    agent.load(requests)
    loaded = _clock() - started
    gc.collect()
    started = _clock()
    for request in requests:
        agent.callee(request)
    objects = _clock() - started
    for request in requests:
        code = getattr(agent.callee(request), "__code__", None)
        if code is not None and code.co_flags & _COROUTINE:
            agent.get_ready()
    gc.collect()
    first = _pass(agent, requests)
    fetches = agent.fetches
    made = next((made for request in requests if (made := agent.constructor(request)) is not None), None)
    instantiation = None if made is None else _instantiation(made, instantiations, seconds)
    gc.collect()
    passes: list[list[float]] = []
    ends = _clock() + _STEADY
    while len(passes) < 3 or (_clock() < ends and len(passes) < 200):
        passes.append(_pass(agent, requests))
    by_request = [sorted(times) for times in zip(*passes, strict=True)]
    later, fastest = [times[len(times) // 2] for times in by_request], [times[0] for times in by_request]
    cold = loaded + objects + sum(first)
    told = {"load": loaded, "cold": cold, "instantiation": instantiation, "first": first, "later": later}
    return {**told, "fastest": fastest, "fetches": fetches}


def _instantiation(made: tuple[Any, list[Any], dict[str, Any]], count: int, seconds: float) -> float:
    build, args, named = made
    clock = _clock
    times: list[float] = []
    ends = clock() + seconds
    for turn in range(count + 20):
        started = clock()
        build(*args, **named)
        times.append(clock() - started)
        if clock() > ends and turn > 25:
            break
    bare: list[float] = []
    for _ in range(100):
        started = clock()
        bare.append(clock() - started)
    return max(sorted(times[20:])[len(times[20:]) // 2] - sorted(bare)[50], 1e-9)


def _pass(agent: Agent, requests: list[Any]) -> list[float]:
    times: list[float] = []
    for request in requests:
        call, args, named = agent.callee(request), copy.deepcopy(request["args"]), copy.deepcopy(request["named"])
        started = _clock()
        try:
            agent.finish(call(*args, **named))
        except Exception:
            times.append(_clock() - started)
        else:
            times.append(_clock() - started)
    return times


def weigh_side(folder: str, requests: list[Any], held: int) -> Any:
    """Bytes that loading the code takes, and bytes for each of many instances that are held."""
    agent = Agent(folder)
    tracemalloc.start()
    agent.load(requests)
    gc.collect()
    loaded = tracemalloc.get_traced_memory()[0]
    made = next((made for request in requests if (made := agent.constructor(request)) is not None), None)
    if made is None:
        return {"load": loaded, "instance": None}
    build, args, named = made
    for _ in range(10):
        build(*args, **named)
    kept: list[Any] = [None] * held
    gc.collect()
    before, count = tracemalloc.get_traced_memory()[0], 0
    ends = _clock() + _HELD_SECONDS
    while count < held and tracemalloc.get_traced_memory()[0] - before < _HELD_BYTES and _clock() < ends:
        kept[count] = build(*args, **named)
        count += 1
    gc.collect()
    return {"load": loaded, "instance": (tracemalloc.get_traced_memory()[0] - before) / count}


def _place_side(folder: str, requests: list[Any], places: list[list[str]]) -> Any:
    return time_places(Agent(folder), folder, requests, places, _pass)


def profile_side(folder: str, requests: list[Any]) -> Any:
    """Where the time of the requests and the memory of an instance go: rows of file, line, function, calls, amount."""
    import cProfile
    import pstats

    agent = Agent(folder)
    sys.stdout = sys.stderr = io.StringIO()
    agent.load(requests)
    profile = cProfile.Profile()
    for request in requests:
        agent.callee(request)
    profile.enable()
    for _ in range(3):
        _pass(agent, requests)
    profile.disable()
    stats: Any = pstats.Stats(profile)
    times = [
        [where[0][len(folder) + 1 :], where[1], where[2], row[1], row[2], row[3]]
        for where, row in stats.stats.items()
        if where[0].startswith(folder)
    ]
    made = next((made for request in requests if (made := agent.constructor(request)) is not None), None)
    return {"times": sorted(times, key=lambda row: -row[4])[:30], "bytes": _allocations(folder, made)}


def _allocations(folder: str, made: Any) -> list[Any]:
    if made is None:
        return []
    tracemalloc.start()
    kept = [made[0](*made[1], **made[2]) for _ in range(100)]
    taken = tracemalloc.take_snapshot().statistics("lineno")
    rows = [
        [row.traceback[0].filename[len(folder) + 1 :], row.traceback[0].lineno, row.size / len(kept)]
        for row in taken
        if row.traceback[0].filename.startswith(folder)
    ]
    return rows[:20]


def compile_all(folder: str) -> None:
    """Compile the files beforehand, as those of a deployed agent are, so that loading is measured and not compiling."""
    import py_compile

    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".py"):
                with contextlib.suppress(py_compile.PyCompileError):
                    py_compile.compile(os.path.join(place, name), doraise=True)


def main() -> None:
    """Do each piece of work that standard input names, and print what came of them."""
    job = json.loads(sys.stdin.buffer.read())
    out = os.dup(1)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    _PRIVATE.append(out)
    works: dict[str, Callable[..., Any]] = {
        "replay": replay,
        "tests": run_tests,
        "time": time_side,
        "weigh": weigh_side,
        "profile": profile_side,
        "places": _place_side,
    }
    _POOL.extend(job["rows"])
    for folder in job["folders"]:
        compile_all(folder)
    gc.collect()
    gc.freeze()
    answers = [in_child(lambda piece=piece: works[piece[0]](*piece[1:])) for piece in job["work"]]
    with open(out, "wb") as pipe:
        pipe.write(json.dumps(answers).encode())
