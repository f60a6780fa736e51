"""The improver as a whole: on the corpus of inefficient agents, and by itself."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Sequence

import pytest

from common.errors import ConfigurationError, ModelError
from common.sandbox import Sandbox
from common.sandbox_settings import SandboxSettings
from roles.improver import catalogue
from roles.improver.acceptance import AcceptanceRules, Verdict
from roles.improver.agent import AgentSource, PlainAgent, RecordedRequest
from roles.improver.bottlenecks import Bottleneck
from roles.improver.catalogue import find_sites, load_strategies
from roles.improver.improver import ServiceImprover
from roles.sandbox.bubblewrap import BubblewrapSandbox
from tests.roles.improver import corpus, folders
from tests.roles.improver.planting import KINDS
from tests.roles.sandbox.contract import usable
from tests.system_parts import requires

# on a busy machine small figures waver
RULES = AcceptanceRules(screening_rounds=3, rounds=12, finalists=1, tolerance=5.0)


@pytest.fixture
async def sandbox() -> Sandbox:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    return await usable(BubblewrapSandbox(SandboxSettings(concurrent=2)))


@pytest.mark.parametrize("name", corpus.names())
def test_what_was_planted_is_found_where_it_is_and_changed_once(name: str) -> None:
    case = corpus.load(name)
    agent = case.agent
    found = find_sites(agent.files, agent.specification, agent.tests)
    places = {(site.file, site.function, site.line, site.kind) for site in found if not site.refused}
    assert {(one.file, one.function, one.line, one.kind) for one in case.planted} <= places
    for strategy in load_strategies():
        changed = strategy.change(agent.files, agent.specification, agent.tests)
        assert strategy.change(changed.files, agent.specification, agent.tests).files == changed.files, strategy.kind


def test_the_corpus_is_large_and_varied() -> None:
    planted = [one for name in corpus.names() for one in corpus.load(name).planted]
    assert len(corpus.names()) >= 30
    assert len(planted) >= 40
    # what is planted in agents that the builder wrote has kinds of its own
    assert {one.kind for one in planted} | set(KINDS) >= {strategy.kind for strategy in load_strategies()}


@pytest.mark.parametrize(
    "name", ["order_deduplicator", "currency_table", "plain_errors", "flaky_rates", "access_rules"]
)
async def test_an_inefficient_agent_gets_better(sandbox: Sandbox, name: str) -> None:
    told: list[Verdict] = []

    async def record(agent: AgentSource, verdict: Verdict) -> None:
        told.append(verdict)

    case = corpus.load(name)
    improver = ServiceImprover(sandbox, rules=RULES, types=False, record=record, most_candidates=2)
    result = await improver.improve_agent(case.agent)
    assert result.accepted is not None, result.reason
    assert result.files != case.agent.files
    assert {one.kind for one in case.planted} <= {site.kind for site in result.accepted.candidate.sites}
    assert told == list(result.verdicts)
    assert result.measurement.live_memory is None or result.measurement.live_memory > 0
    assert {(one.function, one.line) for one in case.planted} <= {(b.function, b.line) for b in result.bottlenecks}


GOOD = "class Agent:\n    __slots__ = ()\n\n    def double(self, n: int) -> int:\n        return n * 2\n"


class Writer:
    """Somebody who writes a wrong change."""

    model_calls = 0

    async def propose(self, agent: AgentSource, bottlenecks: Sequence[Bottleneck]) -> Sequence[dict[str, str]]:
        return [{"agent.py": GOOD.replace("n * 2", "n + n + 1")}]


class Silent:
    """Somebody who can't write."""

    model_calls = 0

    async def propose(self, agent: AgentSource, bottlenecks: Sequence[Bottleneck]) -> Sequence[dict[str, str]]:
        raise ModelError("no model")


async def test_a_good_agent_stays_as_it_is_and_what_others_write_is_judged(sandbox: Sandbox) -> None:
    agent = PlainAgent("agent", {"agent.py": GOOD}, requests=[RecordedRequest("agent:Agent.double", (3,))])
    result = await ServiceImprover(sandbox, rules=RULES, types=False).improve_agent(agent)
    assert result.files == agent.files
    assert result.verdicts == ()
    assert "Nothing" in result.reason
    written = await ServiceImprover(sandbox, rules=RULES, types=False, proposer=Writer()).improve_agent(agent)
    assert written.files == agent.files
    assert [verdict.code for verdict in written.verdicts] == ["answers_differ"]
    silent = await ServiceImprover(sandbox, rules=RULES, types=False, proposer=Silent()).improve_agent(agent)
    assert silent.verdicts == ()


def test_without_libcst_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "libcst", None)
    with pytest.raises(ConfigurationError) as raised:
        catalogue.load_strategies()
    assert "builder" in raised.value.todo


def test_importing_the_improver_imports_no_libcst() -> None:
    import subprocess
    import sys

    code = "import sys, roles.improver.improver; sys.exit('libcst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("half", ["fresh", "fresh_3"])
def test_agents_of_several_files_are_looked_through_changed_once_and_keep_their_comments(half: str) -> None:
    planted = found = 0
    folder = folders.FRESH.parent / half
    for name in folders.names(folder):
        case = folders.load(folder, name)
        agent, files = case.agent, dict(case.agent.files)
        places: dict[tuple[str, int, str], bool] = {}
        for strategy in load_strategies():
            changed = strategy.change(agent.files, agent.specification, agent.tests)
            places |= {(site.file, site.line, site.kind): not site.refused for site in changed.sites}
            if changed.changed:
                files = dict(strategy.change(files, agent.specification, agent.tests).files)
                again = strategy.change(files, agent.specification, agent.tests).files
                assert again == files, f"{name}: {strategy.kind} is not idempotent"
        planted += len(case.planted)
        found += sum((one.file, one.line, one.kind) in places for one in case.planted)
        assert not [one for one in case.kept if places.get((one.file, one.line, one.kind))], name
        comments = [part for path in files for part in _comments(agent.files[path])]
        kept = [part for path in files for part in _comments(files[path])]
        assert not [one for one in comments if one not in kept], name
    assert planted >= 50
    assert found / planted >= 0.9


def _comments(text: str) -> list[str]:
    parts = tokenize.generate_tokens(io.StringIO(text).readline)
    return [part.string for part in parts if part.type == tokenize.COMMENT]
