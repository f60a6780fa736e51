"""What candidates are made of kinds of change that gained, and what is out before it is measured at length.

The bench is one that knows the figures of each version, so that nothing here depends on how busy the machine is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from roles.improver.acceptance import AcceptanceRules, Acceptor, Candidate
from roles.improver.agent import PlainAgent, RecordedRequest
from roles.improver.measure import Sample, Workbench
from roles.improver.sites import Site
from roles.improver.static_measures import static_measures

CODE = "def answer(n: int) -> int:\n    return n\n"
BRANCHES = "def {name}(n: int) -> int:\n" + "    if n:\n        n += 1\n" * 10 + "    return n\n"
AGENT = PlainAgent("agent", {"agent.py": CODE}, requests=[RecordedRequest("agent:answer", (1,))])
RULES = AcceptanceRules(screening_rounds=8, rounds=24)


class Bench(Workbench):
    """Each kind of change takes a tenth of a second off, by what is said in the text of a version."""

    def __init__(self) -> None:
        self.compared: list[frozenset[str]] = []

    async def work(self, sides: Mapping[str, Mapping[str, str]], pieces: Sequence[Sequence[Any]]) -> list[Any]:
        return [[{"answer": "1", "printed": "", "after": ""} for _ in piece[2]] for piece in pieces]

    async def compare(
        self,
        original: Mapping[str, str],
        candidate: Mapping[str, str],
        requests: Sequence[RecordedRequest],
        rounds: int,
        seed: int = 0,
        places: Sequence[tuple[str, str]] = (),
        processes: int = 1,
    ) -> tuple[Sample, Sample]:
        text = candidate["agent.py"]
        kinds = frozenset(kind for kind in ("bushy", "thorny", "plain", "large") if f"def {kind}" in text)
        self.compared.append(kinds)
        memory = 1e6 * (1 + ("large" in kinds))
        return _sample(1.0, rounds, 1e6), _sample(1.0 - 0.1 * len(kinds), rounds, memory)


def _sample(seconds: float, rounds: int, memory: float) -> Sample:
    one, passes = (1.0,) * rounds, ((seconds,),) * rounds
    return Sample(one, one, (), passes, passes, memory, None)


def of_kinds(kinds: Set[str]) -> Candidate:
    """A change of these kinds; bushy and thorny ones make the code harder to follow by ten each."""
    text = CODE
    for kind in sorted(kinds):
        branches = (
            BRANCHES.format(name=kind) if kind in ("bushy", "thorny") else f"def {kind}() -> int:\n    return 1\n"
        )
        text += f"\n\n{branches}"
    sites = tuple(Site("agent.py", 1, "answer", kind, "for the test") for kind in sorted(kinds))
    return Candidate(" ".join(sorted(kinds)), {"agent.py": text}, frozenset({"latency"}), sites=sites)


async def judged(bench: Bench, *kinds: str) -> dict[str, str]:
    """The code of the verdict on each candidate."""
    candidates = [of_kinds(set(kinds)), *(of_kinds({kind}) for kind in kinds)]
    verdicts = await Acceptor(bench, RULES, types=False).judge(AGENT, candidates, compose=of_kinds)
    return {verdict.candidate.name: verdict.code for verdict in verdicts}


async def test_what_would_be_one_kind_of_change_too_many_is_left_out() -> None:
    bench = Bench()
    told = await judged(bench, "bushy", "thorny", "plain")
    assert told["bushy plain thorny"] == "something_worse"
    assert frozenset({"bushy", "plain", "thorny"}) not in bench.compared  # reading it was enough
    assert told["bushy plain"] == "accepted"
    assert {told["bushy"], told["thorny"], told["plain"]} == {"outdone"}


async def test_what_is_counted_is_decided_by_the_short_run() -> None:
    bench = Bench()
    told = await judged(bench, "large", "plain")
    assert told == {"large plain": "something_worse", "large": "something_worse", "plain": "accepted"}
    assert bench.compared.count(frozenset({"large"})) == 1


def test_a_function_that_stands_in_several_files_is_understood_once() -> None:
    helper = BRANCHES.format(name="helper")
    one = static_measures({"a.py": helper}, AGENT.specification)["complexity"]
    assert one == 10.0
    assert static_measures({"a.py": helper, "b.py": f"X = 1\n{helper}"}, AGENT.specification)["complexity"] == one
    other = helper.replace("n += 1", "n += 2", 1)
    assert static_measures({"a.py": helper, "b.py": other}, AGENT.specification)["complexity"] == 2 * one
