# ruff: noqa: E501 - pieces of code stand in one line
"""Acceptance in a real sandbox: what is better, what is not, and what tries to cheat."""

from __future__ import annotations

import pytest

from common.sandbox import Sandbox, SandboxLimits
from common.sandbox_settings import SandboxSettings
from roles.engineering.policy import CodePolicy
from roles.improver.acceptance import AcceptanceRules, Acceptor, Candidate, Verdict
from roles.improver.agent import AgentSpecification, PlainAgent, RecordedRequest
from roles.improver.behaviour import compare_behaviour
from roles.improver.measure import Workbench
from roles.improver.sites import Allowance
from roles.sandbox.bubblewrap import BubblewrapSandbox
from tests.roles.sandbox.contract import usable
from tests.system_parts import requires

SLOW = """
class Agent:
    def __init__(self):
        self.calls = 0

    def best(self, numbers):
        self.calls += 1
        out = []
        for number in numbers:
            if number not in out:
                out.append(number)
        return sorted(out)[-3:]
"""
FAST = """
class Agent:
    def __init__(self):
        self.calls = 0

    def best(self, numbers):
        self.calls += 1
        return sorted(set(numbers))[-3:]
"""
TESTS = "import agent\n\ndef test_best():\n    assert agent.Agent().best([3, 1, 3]) == [1, 3]\n"
REQUESTS = [
    RecordedRequest("agent:Agent.best", ([n * 37 % 301 for n in range(300)],), answered=True, answer=[298, 299, 300]),
    RecordedRequest("agent:Agent.best", ([5, 5, 1],), answered=True, answer=[1, 5]),
]
# on a busy machine small figures waver; what is worse here is worse by far
QUICK = AcceptanceRules(screening_rounds=3, rounds=12, finalists=1, tolerance=5.0)


def agent(code: str = SLOW, tests: str = TESTS, **more: object) -> PlainAgent:
    return PlainAgent("agent", {"agent.py": code}, {"test_agent.py": tests}, REQUESTS, **more)  # type: ignore[arg-type]


@pytest.fixture
async def sandbox() -> Sandbox:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    return await usable(BubblewrapSandbox(SandboxSettings(concurrent=2)))


@pytest.fixture
def bench(sandbox: Sandbox) -> Workbench:
    return Workbench(sandbox, SandboxLimits(memory=256 * 2**20, seconds=60.0))


async def judged(bench: Workbench, code: str, original: PlainAgent | None = None) -> Verdict:
    return (
        await Acceptor(bench, QUICK, types=False).judge(original or agent(), [Candidate("changed", {"agent.py": code})])
    )[0]


async def test_what_is_faster_and_answers_alike_is_accepted(bench: Workbench) -> None:
    verdict = await judged(bench, FAST)
    assert verdict.accepted, verdict.reason
    assert verdict.best is not None
    assert verdict.best.measure in ("latency", "first_pass")
    assert verdict.best.estimate.high < 0
    assert verdict.best.estimate.gain > 0.3
    assert "latency" in verdict.reason or "first_pass" in verdict.reason


async def test_the_best_of_several_is_accepted_alone(bench: Workbench) -> None:
    wrong = FAST.replace("[-3:]", "[-2:]")
    candidates = [Candidate("wrong", {"agent.py": wrong}), Candidate("fast", {"agent.py": FAST})]
    verdicts = await Acceptor(bench, QUICK, types=False).judge(agent(), candidates)
    assert [verdict.code for verdict in verdicts] == ["answers_differ", "accepted"]


async def test_what_changes_nothing_is_not_accepted(bench: Workbench) -> None:
    verdict = await judged(bench, SLOW.replace("number", "value"))
    assert verdict.code in ("no_gain", "something_worse"), verdict


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (FAST.replace("set(numbers)", "numbers"), "differently"),
        (FAST.replace("return sorted", "print(1)\n        return sorted"), "differently"),
        (FAST.replace("self.calls += 1", "numbers.sort()"), "differently"),
        (FAST.replace("[-3:]", "[-3:] or None"), "differently"),
        (FAST.replace("sorted(set(numbers))[-3:]", "tuple(sorted(set(numbers))[-3:])"), "differently"),
        (FAST.replace("self.calls += 1", "numbers[0]"), "differently"),
        (FAST.replace("def best", "def good"), "differently"),
        ("raise ValueError\n", "can't be run"),
    ],
)
async def test_what_answers_differently_is_not_accepted(bench: Workbench, code: str, told: str) -> None:
    verdict = await judged(bench, code)
    assert verdict.code == "answers_differ"
    assert told in verdict.reason


async def test_a_failing_test_of_the_original_decides(bench: Workbench) -> None:
    tests = TESTS + "\ndef test_calls():\n    one = agent.Agent()\n    one.best([1])\n    assert one.calls == 1\n"
    verdict = await judged(bench, FAST.replace("self.calls += 1", "pass"), agent(tests=tests))
    assert verdict.code == "answers_differ"
    assert "test_calls" in verdict.reason


async def test_what_makes_something_else_worse_is_not_accepted(bench: Workbench) -> None:
    heavy = FAST.replace("self.calls = 0", "self.calls = 0\n        self._room = [0] * 2000")
    verdict = await judged(bench, heavy)
    assert verdict.code == "something_worse"
    assert "live_memory" in verdict.reason or "instantiation" in verdict.reason


async def test_a_recorded_answer_that_is_gone_is_a_difference(bench: Workbench) -> None:
    request = RecordedRequest("agent:Agent.best", ([1, 2],), answered=True, answer=[9])
    told = await compare_behaviour(bench, PlainAgent("agent", {"agent.py": SLOW}, {}, [request]), {"agent.py": FAST})
    assert told.difference is not None
    assert "recorded answer" in told.difference


FEED = """
class Feed:
    def __init__(self):
        self.asked = 0

    def fetch(self, code):
        self.asked += 1
        if self.asked % 3 == 0:
            raise ConnectionError("no answer")
        return code * 2

    def count(self):
        return self.asked

    def double(self, code):
        return self.fetch(code)
"""
RETRIED = (
    FEED.replace("return self.fetch(code)", "return again(self.fetch, code)")
    + """

def again(read, *args):
    for _ in range(2):
        try:
            return read(*args)
        except (ConnectionError, TimeoutError):
            continue
    return read(*args)
"""
)
ASKED = [
    *(RecordedRequest("agent:Feed.double", (number,)) for number in range(5)),
    RecordedRequest("agent:Feed.count"),
]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        # what failed is answered, and later answers are those of an original that was asked again
        (RETRIED, None),
        (RETRIED.replace("range(2)", "range(0)").replace("return self.asked", "return 7"), "differently"),
        (RETRIED.replace("return again(", "return 1 + again("), "differently"),
        # once too often
        (RETRIED.replace("def double(self, code):", "def double(self, code):\n        self.asked += 1"), "differently"),
    ],
)
async def test_a_read_that_is_tried_again_is_like_a_request_that_is(
    bench: Workbench, code: str, told: str | None
) -> None:
    source = PlainAgent("feed", {"agent.py": FEED}, {}, ASKED)
    allowed = frozenset({Allowance.TRANSIENT_MENDED})
    found = await compare_behaviour(bench, source, {"agent.py": code}, allowed)
    assert found.difference is None if told is None else told in (found.difference or ""), found
    if told is None:
        assert (found.failures_before, found.failures_after) == (1, 0)
        # without the allowance a retry is a change like any other
        assert (await compare_behaviour(bench, source, {"agent.py": code})).difference is not None


async def test_answers_that_differ_each_time_can_not_be_judged(bench: Workbench) -> None:
    code = "import time\nclass Agent:\n    def best(self, numbers):\n        return time.perf_counter()\n"
    plain = PlainAgent("agent", {"agent.py": code}, {}, [RecordedRequest("agent:Agent.best", ([1],))])
    told = await compare_behaviour(bench, plain, {"agent.py": code + "\n"})
    assert told.difference is not None
    assert "differently each time" in told.difference


async def test_each_further_look_has_to_convince_more(bench: Workbench) -> None:
    tired = agent(looks=400)
    verdict = (
        await Acceptor(bench, AcceptanceRules(screening_rounds=3, rounds=8), types=False).judge(
            tired, [Candidate("fast", {"agent.py": FAST}, frozenset({"latency"}))]
        )
    )[0]
    # eight rounds can't be that sure
    assert verdict.code == "no_gain"


CHEATS = {
    "clock": "import time\ntime.perf_counter = time.monotonic = lambda: 0.0\n",
    "expected answers": "import os\nFOUND = [open(os.path.join(place, name)).read() for place, _, names in os.walk('/work') for name in names]\nassert not any('298' in text or 'test_best' in text for text in FOUND)\n",
    "other side": "import os\nfor side in ('a', 'b'):\n    with open(f'/work/{side}/agent.py', 'w') as file:\n        file.write('class Agent:\\n    def best(self, numbers):\\n        return [1, 3]\\n')\n",
    "tests": "import builtins, unittest\nunittest.TestCase.run = lambda self, *a: None\nbuiltins.AssertionError = Exception\n",
    "exit": "import os\nos._exit(0)\n",
    "output": "import os\nfor number in range(3, 20):\n    try:\n        os.write(number, b'[]')\n    except OSError:\n        pass\n",
    "main": "import sys\nmain = sys.modules['__main__']\nmain.canonical = lambda *a: 1\nmain.brief = lambda *a: 'same'\nmain._clock = lambda: 0.0\n",
}  # fmt: skip


@pytest.mark.parametrize("name", CHEATS)
async def test_policy_refuses_code_that_reaches_for_its_judge(bench: Workbench, name: str) -> None:
    verdict = await judged(bench, CHEATS[name] + FAST.replace("[-3:]", "[-1:]"))
    assert not verdict.accepted
    assert verdict.code in ("invalid", "answers_differ")


@pytest.mark.parametrize("name", CHEATS)
async def test_what_is_judged_can_not_edit_its_judge(bench: Workbench, name: str) -> None:
    """Past the policy, too: wrong answers stay wrong, whatever the code does to tests, clock, files and output."""
    trusting = agent(
        specification=AgentSpecification(policy=CodePolicy(files=True, imports=frozenset({"unittest", "builtins"})))
    )
    told = await compare_behaviour(bench, trusting, {"agent.py": CHEATS[name] + FAST.replace("[-3:]", "[-1:]")})
    assert told.difference is not None


async def test_nothing_of_the_judge_lies_where_the_code_can_write(bench: Workbench) -> None:
    code = (
        "import os\nclass Agent:\n    def best(self, numbers):\n"
        "        return sorted(os.path.join(p, n) for p, _, ns in os.walk('/work') for n in ns if not n.endswith('.pyc'))\n"
    )
    pieces = [["replay", "/work/a", [REQUESTS[0].to_json()], 5.0], ["tests", "/work/a", "test_agent", TESTS, 5.0]]
    seen, _ = await bench.work({"a": {"agent.py": code}}, pieces)
    assert "/work/a/agent.py" in seen[0]["answer"]
    assert "test" not in seen[0]["answer"]
    assert "inside" not in seen[0]["answer"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"agent.py": FAST, "more.py": ""}, "adds or removes"),
        ({}, "adds or removes"),
        ({"agent.py": SLOW}, "changes nothing"),
        ({"agent.py": FAST + "import os\nos.system('true')\n"}, "policy"),
        ({"agent.py": FAST + "eval('1')\n"}, "policy"),
        ({"agent.py": FAST + "def broken(:\n"}, "policy"),
        ({"agent.py": FAST + "unknown_name\n"}, "finding"),
    ],
)
async def test_the_gate_is_before_every_run(bench: Workbench, files: dict[str, str], told: str) -> None:
    verdict = (await Acceptor(bench, QUICK, types=False).judge(agent(), [Candidate("x", files)]))[0]
    assert verdict.code == "invalid"
    assert told in verdict.reason


async def test_wrong_types_are_refused(bench: Workbench) -> None:
    verdict = (await Acceptor(bench, QUICK).judge(agent(), [Candidate("x", {"agent.py": FAST + "n: int = 'text'\n"})]))[
        0
    ]
    assert verdict.code == "invalid"
    assert "types" in verdict.reason


UNITTESTS = """
import unittest
import agent

class AgentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = agent.Agent()

    def test_best(self):
        self.assertEqual(self.agent.best([1, 2]), [1, 2])

    def test_wrong(self):
        self.assertEqual(self.agent.best([1]), [2])

class LaterTest(unittest.IsolatedAsyncioTestCase):
    async def test_later(self):
        self.assertTrue(agent)

def test_plain():
    assert True

async def test_async():
    assert agent is None
"""


async def test_all_usual_forms_of_tests_run(bench: Workbench) -> None:
    (told,) = await bench.work({"a": {"agent.py": FAST}}, [["tests", "/work/a", "test_agent", UNITTESTS, 5.0]])
    passed = {name for name, problem in told.items() if not problem}
    assert passed == {"AgentTest.test_best", "LaterTest.test_later", "test_plain"}
    assert set(told) - passed == {"AgentTest.test_wrong", "test_async"}
