"""Figures of single functions: their complexity, the time they take, and what a candidate is accepted for."""

from __future__ import annotations

import sys
import time
from types import ModuleType
from typing import Any

import pytest

from common.sandbox import Sandbox, SandboxLimits
from common.sandbox_settings import SandboxSettings
from roles.improver.acceptance import AcceptanceRules, Acceptor, Candidate
from roles.improver.agent import AgentSpecification, InputRule, PlainAgent, RecordedRequest
from roles.improver.behaviour import compare_behaviour
from roles.improver.improver import ServiceImprover
from roles.improver.measure import Workbench
from roles.improver.places import complexities, functions_of, places_of
from roles.improver.sites import Allowance
from roles.improver.timed_functions import time_places
from roles.sandbox.bubblewrap import BubblewrapSandbox
from tests.roles.sandbox.contract import usable
from tests.system_parts import requires

CODE = """
class Agent:
    def __init__(self):
        self.kept = {}

    def add(self, name, amount):
        self.kept[name] = self.kept.get(name, 0) + amount
        return self.kept[name]

    def work(self, numbers):
        total = 0
        for _ in range(400):
            total += sum(n * n for n in numbers)
        return total

    def small(self, numbers):
        out = []
        for n in numbers:
            if n not in out:
                out.append(n)
        return len(out)
"""
FAST = CODE.replace("        out = []\n", "        return len(set(numbers))\n        out = []\n")
CHECKED = CODE.replace(
    "        self.kept[name] =",
    "        if amount < 1:\n            raise ValueError(amount)\n        self.kept[name] =",
)
LATE = CODE.replace(
    "        return self.kept[name]\n",
    "        if amount < 1:\n            raise ValueError(amount)\n        return self.kept[name]\n",
)
REQUESTS = [
    RecordedRequest("agent:Agent.work", (list(range(300)),)),
    RecordedRequest("agent:Agent.small", (list(range(120)),)),
]
ADDS = [RecordedRequest("agent:Agent.add", ("a", amount)) for amount in (1, 3, 2, 5)]
RULES = AgentSpecification(
    inputs={"agent:Agent.add": {"name": InputRule("string"), "amount": InputRule("integer", minimum=1)}}
)


@pytest.fixture
async def sandbox() -> Sandbox:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    return await usable(BubblewrapSandbox(SandboxSettings(concurrent=2)))


@pytest.fixture
def bench(sandbox: Sandbox) -> Workbench:
    return Workbench(sandbox, SandboxLimits(memory=256 * 2**20, seconds=60.0))


def test_functions_are_known_by_their_qualified_names() -> None:
    text = "class A:\n    def f(self):\n        if self:\n            if 1:\n                return 1\n"
    text += "    async def g(self): pass\n"
    assert list(functions_of(text)) == ["A.f", "A.g"]
    assert complexities({"a.py": text}, [("a.py", "A.f")]) == {"complexity@a.py:A.f": 3.0}
    named = [("a.py", "A.f"), ("a.py", "A"), ("a.py", "<module>"), ("b.py", "f")]
    assert places_of(named, {"a.py": text}, {"a.py": text}) == [("a.py", "A.f")]


class _Agent:
    """As much of the agent in the sandbox as timing functions asks for."""

    def load(self, requests: list[Any]) -> None:
        """It is loaded already."""

    def callee(self, request: Any) -> Any:
        return None

    def get_ready(self) -> None:
        """There is nothing that is awaited."""


def test_calls_within_a_call_are_a_part_of_it_and_what_has_no_clock_has_no_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module: Any = ModuleType("timed_example")
    module.__file__ = "/work/a/timed_example.py"
    code = (
        "def deep(n):\n    spend(10)\n    return n and deep(n - 1)\ndef walk():\n    yield 1\n"
        "class A:\n    @staticmethod\n    def s():\n        spend(5)\n        return deep(3)\n"
        "    @property\n    def p(self):\n        return 1\n"
    )
    now = [0.0]

    def spend(seconds: float) -> float:
        now[0] += seconds
        return now[0]

    module.spend = spend
    exec(code, module.__dict__)
    monkeypatch.setattr(time, "thread_time", lambda: spend(1.0))
    monkeypatch.setitem(sys.modules, "timed_example", module)
    # it takes the output away for good, in a process of its own
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    names = ["deep", "walk", "A.s", "A.p", "missing"]
    told = time_places(
        _Agent(), "/work/a", [], [["timed_example.py", name] for name in names], lambda _agent, _requests: module.A.s()
    )
    # looking at the clock takes a second each time, which is no part of what is told
    assert told == [[40.0, 40.0], None, [45.0, 45.0], None, None]


async def test_a_change_is_measured_where_it_is(bench: Workbench) -> None:
    agent = PlainAgent("agent", {"agent.py": CODE}, requests=REQUESTS)
    place = ("agent.py", "Agent.small")
    rules = AcceptanceRules(screening_rounds=3, rounds=12, finalists=1, tolerance=5.0)
    candidate = Candidate(
        "changed", {"agent.py": FAST}, frozenset({"latency"}), place_aims={place: frozenset({"latency"})}
    )
    verdict = (await Acceptor(bench, rules, types=False).judge(agent, [candidate]))[0]
    told = {figure.measure: figure for figure in verdict.figures}
    # next to nothing of all the time is spent there
    assert told["latency"].estimate.gain < 0.5
    assert told["latency@agent.py:Agent.small"].estimate.gain > 0.5
    assert "latency@agent.py:Agent.work" not in told


async def test_what_is_refused_by_the_specification_leaves_no_trace(bench: Workbench) -> None:
    agent = PlainAgent("agent", {"agent.py": CODE}, requests=ADDS, specification=RULES)
    allowed = frozenset({Allowance.INVALID_REFUSED})
    assert (await compare_behaviour(bench, agent, {"agent.py": CHECKED}, allowed)).difference is None
    # without the allowance, and where it is kept before it is refused, it is another behaviour
    assert (await compare_behaviour(bench, agent, {"agent.py": CHECKED})).difference is not None
    assert (await compare_behaviour(bench, agent, {"agent.py": LATE}, allowed)).difference is not None


async def test_what_may_change_no_answer_competes_without_the_rest(sandbox: Sandbox) -> None:
    agent = PlainAgent("agent", {"agent.py": CODE}, requests=ADDS, specification=RULES)
    found, _ = ServiceImprover(sandbox).candidates(agent)
    by_name = {candidate.name: candidate for candidate in found}
    assert by_name["all changes"].allowances
    assert not by_name["all changes without allowances"].allowances
    assert {site.kind for site in by_name["all changes without allowances"].sites} >= {"list-membership", "no-slots"}
