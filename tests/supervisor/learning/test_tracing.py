"""Decorators: what they record, and that a decorated function is otherwise what it was."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.catalogue.collected import TraceCollected
from events.store import EventStore
from supervisor.learning.problems import AgentType, ProblemContext
from supervisor.learning.recording import TraceRecorder
from supervisor.learning.tracing import current_trace_id, trace_agent_execution, trace_tool_call


@pytest.fixture
async def store() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://") as opened:
        yield opened


@pytest.fixture
async def recorder(store: EventStore) -> AsyncGenerator[TraceRecorder]:
    made = TraceRecorder(store)
    with made.active():
        yield made
    await made.close_async()


async def written(recorder: TraceRecorder, store: EventStore) -> list[TraceCollected]:
    assert await recorder.flush_async()
    found = [entry.event for entry in await store.read_all(topics={TraceCollected.TOPIC})]
    return [event for event in found if isinstance(event, TraceCollected)]


@trace_tool_call
def look(where: str, *, deep: bool = False) -> str:
    return f"saw {where}"


@trace_tool_call(name="net.ping")
async def ping(host: str) -> int:
    await anyio.lowlevel.checkpoint()
    if host == "nowhere":
        raise ConnectionError("no route")
    return 3


async def test_a_run_its_tool_calls_and_its_problem_are_in_the_log(recorder: TraceRecorder, store: EventStore) -> None:
    @trace_agent_execution(AgentType.DIAGNOSIS, agent="m1", version="0.2.0")
    async def diagnose(problem: ProblemContext) -> dict[str, Any]:
        assert current_trace_id() is not None
        look("logs", deep=True)
        with pytest.raises(ConnectionError):
            await ping("nowhere")
        return {"success": True, "cause": "disk"}

    await diagnose(ProblemContext("p1", app_name="shop", app_description="The shop is slow"))
    assert current_trace_id() is None
    (trace,) = await written(recorder, store)
    assert (trace.agent_type, trace.task_id, trace.domain, trace.task) == (
        "diagnosis",
        "p1",
        "shop",
        "The shop is slow",
    )
    assert (trace.success, trace.finished, trace.agent, trace.guideline_version) == (True, True, "m1", "0.2.0")
    first, second, last = trace.steps
    assert (first.name, first.arguments, first.ok, first.text) == (
        "look",
        {"where": "logs", "deep": True},
        True,
        "saw logs",
    )
    assert (second.name, second.ok, second.error) == ("net.ping", False, "ConnectionError: no route")
    assert first.seconds is not None
    assert last.kind == "reply"


async def test_a_run_that_raises_failed_and_one_that_does_not_has_no_outcome(
    recorder: TraceRecorder, store: EventStore
) -> None:
    @trace_agent_execution("triage")
    def work(fail: bool) -> str:
        if fail:
            raise KeyError("x")
        return "fine"

    with pytest.raises(KeyError):
        work(True)
    assert work(False) == "fine"
    bad, good = await written(recorder, store)
    assert (bad.success, bad.error, good.success) == (False, "KeyError: 'x'", None)


@pytest.mark.parametrize(("judge", "success", "score"), [
    (lambda result: result == "fine", True, None),
    (lambda result: 0.25, False, 0.25),
    (lambda result: 1 / 0, None, None),
])  # fmt: skip
async def test_a_host_judges_what_a_run_returned(
    recorder: TraceRecorder, store: EventStore, judge: Callable[[Any], Any], success: bool | None, score: float | None
) -> None:
    assert trace_agent_execution("triage", outcome=judge)(lambda: "fine")() == "fine"
    (trace,) = await written(recorder, store)
    assert (trace.success, trace.score) == (success, score)


async def test_a_run_inside_another_is_a_trace_of_its_own_and_a_step_of_the_outer_one(
    recorder: TraceRecorder, store: EventStore
) -> None:
    @trace_agent_execution("inner")
    def inner() -> str:
        look("inside")
        return "in"

    @trace_agent_execution("outer")
    def outer() -> None:
        inner()
        look("outside")

    outer()
    traces = {trace.agent_type: trace for trace in await written(recorder, store)}
    assert [step.name for step in traces["outer"].steps] == ["inner", "look"]
    assert [step.name for step in traces["inner"].steps] == ["look", "reply"]
    assert traces["inner"].parent == traces["outer"].trace_id


async def test_runs_at_once_keep_their_steps_apart(recorder: TraceRecorder, store: EventStore) -> None:
    @trace_agent_execution("walker")
    async def walk(name: str) -> None:
        for place in range(3):
            look(f"{name}{place}")
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        for name in "abc":
            group.start_soon(walk, name)
    for trace in await written(recorder, store):
        assert len({str((step.arguments or {})["where"])[0] for step in trace.steps}) == 1
        assert len(trace.steps) == 3


async def test_generators_belong_to_their_trace_only_while_they_run(recorder: TraceRecorder, store: EventStore) -> None:
    @trace_agent_execution("talker")
    def talk() -> Generator[str, str, str]:
        said = yield "a"
        look(said)
        yield "b"
        return "end"

    talking = talk()
    assert next(talking) == "a"
    assert current_trace_id() is None
    look("elsewhere")
    assert talking.send("heard") == "b"
    with pytest.raises(StopIteration) as stop:
        next(talking)
    assert stop.value.value == "end"
    half = talk()
    next(half)
    half.close()
    whole, broken = await written(recorder, store)
    assert [(step.name, step.text) for step in whole.steps] == [("look", "saw heard"), ("reply", "end")]
    assert (whole.finished, broken.finished, broken.success) == (True, False, None)


async def test_an_async_generator_streams_and_is_one_call(recorder: TraceRecorder, store: EventStore) -> None:
    @trace_tool_call
    async def stream(count: int) -> AsyncGenerator[str]:
        for number in range(count):
            yield f"{number},"

    @trace_agent_execution("streamer")
    async def run() -> list[str]:
        return [part async for part in stream(3)]

    assert await run() == ["0,", "1,", "2,"]
    (trace,) = await written(recorder, store)
    assert (trace.steps[0].text, trace.steps[0].ok) == ("0,1,2,", True)


async def test_a_cancelled_run_is_unfinished_and_nobodys_fault(recorder: TraceRecorder, store: EventStore) -> None:
    @trace_agent_execution("sleeper")
    async def sleep() -> None:
        await anyio.sleep_forever()

    with anyio.move_on_after(0.01):
        await sleep()
    (trace,) = await written(recorder, store)
    assert (trace.success, trace.finished) == (None, False)


async def test_a_tool_call_can_name_the_trace_by_argument_attribute_or_itself(
    recorder: TraceRecorder, store: EventStore
) -> None:
    @trace_tool_call("current_trace_id", collector=recorder)
    def by_argument(what: str, current_trace_id: str) -> str:
        return what

    class Agent:
        current_trace_id = ""

        @trace_tool_call("current_trace_id")
        def by_attribute(self, what: str) -> str:
            return what

    @trace_tool_call("current_trace_id")
    def by_context() -> None: ...

    trace_id = recorder.collect_agent_trace("diagnosis", "p1")
    by_argument("x", trace_id)
    agent = Agent()
    agent.current_trace_id = trace_id
    agent.by_attribute("y")
    trace_tool_call(trace_id)(lambda: None)()
    thread = threading.Thread(target=by_argument, args=("z", trace_id))  # which inherits no context
    thread.start()
    thread.join()
    trace_agent_execution("other")(by_context)()
    recorder.end_agent_trace(trace_id, True)
    other, trace = await written(recorder, store)
    assert [step.name for step in trace.steps] == ["by_argument", "by_attribute", "<lambda>", "by_argument"]
    assert [step.arguments for step in trace.steps][:2] == [{"what": "x"}, {"what": "y"}]
    assert [step.name for step in other.steps] == ["by_context"]


def test_without_a_recorder_nothing_happens_but_the_call() -> None:
    assert look("here") == "saw here"
    assert trace_agent_execution("any")(look)("there") == "saw there"


async def test_a_collector_may_be_something_that_has_one(recorder: TraceRecorder, store: EventStore) -> None:
    holder = SimpleNamespace(recorder=recorder)
    trace_agent_execution("one", collector=holder)(lambda: None)()
    trace_agent_execution("two", collector=lambda: holder)(lambda: None)()
    assert [trace.agent_type for trace in await written(recorder, store)] == ["one", "two"]


class Hostile:
    """Says nothing about itself without raising."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError("repr")

    __str__ = __repr__


async def test_nothing_that_is_given_or_returned_disturbs_the_call(recorder: TraceRecorder, store: EventStore) -> None:
    loop: list[Any] = []
    loop.append(loop)
    given = (Hostile(), loop, "\ud800", float("nan"), 10**400, {Hostile: b"\xff" * 10}, "x" * 100_000)

    @trace_tool_call
    def take(*things: Any) -> Any:
        return things

    @trace_agent_execution("brave")
    def run() -> Any:
        return take(*given)

    assert run() == given
    (trace,) = await written(recorder, store)
    assert trace.steps[0].name == "take"
    assert len(trace.model_dump_json()) < 10_000
    assert recorder.counts.faults == 0


class Recipe:
    """A function of any kind, told by data: what it yields, and how it ends."""

    def __init__(self, items: list[int], end: object, kind: str) -> None:
        self.items, self.end, self.kind = items, end, kind

    def make(self) -> Callable[..., Any]:
        items, end = self.items, self.end

        def finish(value: object) -> object:
            if isinstance(end, Exception):
                raise end
            return (end, value)

        def plain(a: int, /, b: int = 2, *more: int, c: int = 3, **rest: int) -> object:
            """Documented."""
            return finish((a, b, more, c, rest))

        async def coroutine(a: int, /, b: int = 2, *more: int, c: int = 3, **rest: int) -> object:
            return finish((a, b, more, c, rest))

        def generator(a: int, /, b: int = 2, *more: int, c: int = 3, **rest: int) -> Generator[Any, Any, object]:
            heard: list[object] = []
            for item in items:
                try:
                    heard.append((yield item))
                except ValueError as error:
                    heard.append(str(error))
            return finish(heard)

        async def async_generator(
            a: int, /, b: int = 2, *more: int, c: int = 3, **rest: int
        ) -> AsyncGenerator[Any, Any]:
            heard: list[object] = []
            for item in items:
                try:
                    heard.append((yield item))
                except ValueError as error:
                    heard.append(str(error))
            yield finish(heard)

        kinds = {"plain": plain, "coroutine": coroutine, "generator": generator, "async_generator": async_generator}
        return kinds[self.kind]


recipes = st.builds(
    Recipe,
    st.lists(st.integers(), max_size=4),
    st.one_of(st.integers(), st.none(), st.builds(LookupError, st.text(max_size=5))),
    st.sampled_from(["plain", "coroutine", "generator", "async_generator"]),
)
moves = st.lists(st.one_of(st.integers(), st.just("next"), st.just("throw"), st.just("close")), max_size=8)


def play(function: Callable[..., Any], steps: list[Any]) -> list[Any]:
    """Everything a caller can see of a call."""
    called = function(1, 5, 6, c=7, d=8)
    if inspect.isgenerator(called):
        return played(called, ["next", *steps])
    if inspect.isasyncgen(called):
        return anyio.run(streamed, called, ["next", *steps])
    if not inspect.iscoroutine(called):
        return [called]

    async def wait() -> list[Any]:
        try:
            return [await called]
        except LookupError as error:
            return [(type(error), str(error))]

    return anyio.run(wait)


def played(called: Generator[Any, Any, Any], steps: list[Any]) -> list[Any]:
    seen: list[Any] = []
    known = {"next": lambda: next(called), "throw": lambda: called.throw(ValueError("thrown")), "close": called.close}
    for step in steps:
        try:
            seen.append(known[step]() if step in known else called.send(step))
        except BaseException as error:
            seen.append((type(error), str(error), getattr(error, "value", None)))
    called.close()
    return seen


async def streamed(called: AsyncGenerator[Any, Any], steps: list[Any]) -> list[Any]:
    seen: list[Any] = []
    known = {
        "next": lambda: anext(called),
        "throw": lambda: called.athrow(ValueError("thrown")),
        "close": called.aclose,
    }
    for step in steps:
        try:
            seen.append(await (known[step]() if step in known else called.asend(step)))
        except BaseException as error:
            seen.append((type(error), str(error)))
    await called.aclose()
    return seen


@given(recipe=recipes, steps=moves)
def test_a_decorated_function_is_otherwise_what_it_was(recipe: Recipe, steps: list[Any]) -> None:
    function = recipe.make()
    kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    for decorated in (trace_tool_call(recipe.make()), trace_agent_execution("any")(recipe.make())):
        assert inspect.signature(decorated) == inspect.signature(function)
        assert (decorated.__name__, decorated.__doc__) == (function.__name__, function.__doc__)
        assert [kind(decorated) for kind in kinds] == [kind(function) for kind in kinds]
        if recipe.kind == "plain" and isinstance(recipe.end, Exception):
            with pytest.raises(LookupError):
                decorated(1)
        else:
            assert play(decorated, steps) == play(function, steps)


@given(recipe=recipes, steps=moves)
def test_that_holds_while_it_is_recorded_too(recipe: Recipe, steps: list[Any]) -> None:
    if recipe.kind == "plain" and isinstance(recipe.end, Exception):
        return
    recorder = TraceRecorder(_Refusing(), queue_size=1)  # type: ignore[arg-type]
    function = recipe.make()
    decorated = trace_agent_execution("any", collector=recorder)(trace_tool_call(recipe.make()))
    assert play(decorated, steps) == play(function, steps)
    assert (recorder.counts.open, recorder.counts.faults) == (0, 0)


class _Refusing:
    """A store that can't take anything."""

    async def append(self, *_: Any, **__: Any) -> int:
        raise OSError("the disk is gone")


def test_static_and_class_methods_and_callable_objects_can_be_decorated() -> None:
    class Tools:
        @trace_tool_call
        @staticmethod
        def fixed(a: int) -> int:
            return a

        @trace_tool_call
        @classmethod
        def made(cls, a: int) -> tuple[str, int]:
            return cls.__name__, a

        async def __call__(self) -> str:
            return "called"

    assert (Tools.fixed(1), Tools().made(2)) == (1, ("Tools", 2))
    assert anyio.run(trace_tool_call(Tools())) == "called"
    assert trace_tool_call(functools.partial(max, 3))(2) == 3
    assert trace_tool_call(len)("abc") == 3
