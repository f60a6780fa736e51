"""An agent that a model wrote badly, from its requests to a better version in service, with nothing left out.

The code that the (scripted) model writes looks for each visitor in a list of all before: right, and slow. It is built,
asked over a database, improved by measurement, given a share of the requests, and promoted. Another change of it, which
is as right in every test and fails in service alone, is taken back. It takes a while: every part is the real one.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from common.builder_settings import BuilderSettings
from common.context import TaskContext
from common.evolution_settings import EvolutionSettings
from common.results import Response
from common.sandbox_settings import SandboxSettings
from common.settings import ModelSettings, Settings
from events.catalogue.agent import AgentImproved, AgentTrialEnded
from events.catalogue.trace import ToolCalled
from roles.deployed.deployments import Placed
from roles.improver.acceptance import AcceptanceRules
from roles.improver.improver import ServiceImprover
from roles.sandbox.bubblewrap import BubblewrapSandbox
from roles.sandbox.find import find_sandbox
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.roles.builder.test_model_writing import calls, code
from tests.roles.sandbox.contract import usable
from tests.services.llmock_server import LLMockProcess, llmock_process, llmock_server  # noqa: F401
from tests.system_parts import requires

NAME = "visitors"
QUESTION = "who visited the house in {}?"
TOWNS = ("Leeds", "York", "Hull")
OUTLINE: dict[str, Any] = {
    "name": NAME, "class_name": "VisitorAgent", "title": "Visitors",
    "purpose": "Lists who visited the house in a town.",
    "examples": [QUESTION.format(town) for town in TOWNS],
    "operations": [
        {"name": "list_visitors", "description": "List the visitors of the house in a town, each once"},
        {"name": "count_names", "description": "Count the names in a list of names, each once"},
    ],
    "components": [{"name": "listing", "responsibility": "list_visitors(town, found)", "depends_on": []}],
}  # fmt: skip
OPERATION: dict[str, Any] = {
    "name": "list_visitors", "inputs": [{"name": "town", "type": "text"}],
    "outputs": [{"name": "visitors", "type": "integer"}, {"name": "latest", "type": "text"}],
    "query": {
        "name": "visits_of_town", "table": "visits", "limit": 2_000,
        "columns": [{"name": "visitor", "table": "visits", "column": "visitor"}],
        "filters": [{"table": "visits", "column": "town", "comparison": "=", "input": "town"}],
    },
    "examples": [QUESTION.format(town) for town in TOWNS],
}  # fmt: skip
COUNT: dict[str, Any] = {
    "name": "count_names", "inputs": [{"name": "names", "type": "text"}],
    "outputs": [{"name": "different", "type": "integer"}],
    "checks": [{"arguments": '{"names": "Ann, Bob, Ann"}', "expected": '{"different": 2}'}],
}  # fmt: skip
SLOW = '''"""Lists visitors."""

from visitors.types import CountNamesResult, ListVisitorsResult, VisitsOfTownRows


def list_visitors(town: str, found: VisitsOfTownRows) -> ListVisitorsResult:
    """Each visitor once, in the order of their first visit."""
    seen: list[str] = []
    for visitor in found.visitor:
        if visitor is not None and visitor not in seen:
            seen.append(visitor)
    return ListVisitorsResult(visitors=len(seen), latest=seen[-1] if seen else "nobody")


def count_names(names: str) -> CountNamesResult:
    """How many names there are, each once."""
    return CountNamesResult(different=len({name.strip() for name in names.split(",")}))
'''


CRAMPED = '''"""Lists visitors."""

from visitors.types import CountNamesResult, ListVisitorsResult, VisitsOfTownRows


def list_visitors(town: str, found: VisitsOfTownRows) -> ListVisitorsResult:
    """Each visitor once; a table of a thousand places is room enough for a house."""
    places = [""] * 1_000
    names = dict.fromkeys(visitor for visitor in found.visitor if visitor is not None)
    for place, visitor in enumerate(names):
        places[place] = visitor
    return ListVisitorsResult(visitors=len(names), latest=places[len(names) - 1] if names else "nobody")


def count_names(names: str) -> CountNamesResult:
    """How many names there are, each once."""
    return CountNamesResult(different=len({name.strip() for name in names.split(",")}))
'''


def visits(folder: Path) -> str:
    with sqlite3.connect(folder / "house.db") as database:
        database.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, town TEXT NOT NULL, visitor TEXT)")
        for town in TOWNS:
            rows = [(town, f"{town} visitor {number % 900}") for number in range(1_200)]
            database.executemany("INSERT INTO visits (town, visitor) VALUES (?, ?)", rows)
    database.close()
    return f"sqlite:///{folder}/house.db"


@pytest.fixture
async def supervisor(
    tmp_path: Path,
    llmock_server: LLMockProcess,  # noqa: F811
) -> AsyncGenerator[Supervisor]:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    await usable(BubblewrapSandbox(SandboxSettings()))
    tier = ModelSettings(
        provider="openai", model="gpt-x", base_url=llmock_server.openai, retries=0, timeout=30.0, idle_timeout=30.0
    )
    own = EvolutionSettings(allowed=("improve",), min_calls=3, share=50, share_calls=4)
    settings: Settings = offline_settings(tmp_path).model_copy(
        update={
            "models": {"fast": ModelSettings(), "smart": tier},
            "builder": BuilderSettings(database_url=visits(tmp_path)),
            "evolution": own,
        }
    )
    llmock_server.script(
        calls(("OutlineOutput", OUTLINE)), calls(("OperationsOutput", {"operations": [OPERATION, COUNT]})), code(SLOW)
    )
    async with Supervisor(settings, background=False) as opened:
        opened.evolution._parts.actor._improver = improver  # type: ignore[attr-defined]
        yield opened


async def improver() -> ServiceImprover:
    """The real one, with fewer candidates and rounds than it takes by itself: what is to be seen here is not close."""
    sandbox = await find_sandbox(SandboxSettings())
    return ServiceImprover(sandbox, rules=AcceptanceRules(screening_rounds=3, rounds=12), most_candidates=2)


async def asked(supervisor: Supervisor, count: int, prefix: str) -> list[Response]:
    """The answers to requests about the towns in turn."""
    found: list[Response] = []
    for number in range(count):
        context = TaskContext(request_id=f"{prefix}{number}")
        found.append(await supervisor.process_request(QUESTION.format(TOWNS[number % 3]), context))
    return found


async def served(supervisor: Supervisor) -> list[tuple[str, bool]]:
    """The version of each call so far, and whether it answered."""
    recorded = await supervisor.store.read_all(0, {ToolCalled.TOPIC}, limit=1_000)
    return [(one.event.version, one.event.ok) for one in recorded if isinstance(one.event, ToolCalled)]


async def ends(supervisor: Supervisor) -> list[AgentTrialEnded]:
    recorded = await supervisor.store.read_all(0, {AgentTrialEnded.TOPIC})
    return [one.event for one in recorded if isinstance(one.event, AgentTrialEnded)]


def more_visits(folder: Path) -> None:
    """More visitors than the table of `CRAMPED` holds."""
    with sqlite3.connect(folder / "house.db") as database:
        for town in TOWNS:
            rows = [(town, f"{town} guest {number}") for number in range(200)]
            database.executemany("INSERT INTO visits (town, visitor) VALUES (?, ?)", rows)
    database.close()


async def test_slow_code_is_improved_shared_and_promoted_and_a_worse_version_taken_back(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    built = await supervisor.builds.create_agent("write an agent that lists the visitors of a house", by="ann")
    assert (built.name, built.version) == (NAME, "1.0.0")
    before = {one.text for one in await asked(supervisor, 6, "before")}
    assert before == {f"The visitors with town {town} is 900.\n{town} visitor 899" for town in TOWNS}

    (told,) = (await supervisor.evolution.evolution_cycle()).decisions
    assert told.outcome is not None
    assert (told.outcome.ok, told.outcome.healthy, told.outcome.version) == (True, True, "1.0.1"), told.outcome.text
    assert told.outcome.gain is not None
    assert told.outcome.gain > 0.5  # of the latency: each visitor was looked for among up to 900 others
    current = await supervisor.built_agents.in_service(NAME)
    assert current is not None
    assert current.version == "1.0.0"
    assert await supervisor.evolution.watch() == []
    assert await ends(supervisor) == []  # it has no calls yet

    after = {one.text for one in await asked(supervisor, 16, "shared")}
    assert after == before
    counted = Counter(await served(supervisor))
    assert counted["1.0.1", True] >= 4
    assert counted["1.0.0", True] >= 6 + 4
    assert await supervisor.evolution.watch() == []
    (promoted,) = await ends(supervisor)
    assert (promoted.version, promoted.result, promoted.by) == ("1.0.1", "promoted", "evolution")
    assert len(await supervisor.store.read_all(0, {AgentImproved.TOPIC})) == 1
    assert {one.text for one in await asked(supervisor, 3, "promoted")} == before
    assert (await served(supervisor))[-3:] == [("1.0.1", True)] * 3

    loaded = await supervisor.built_agents.deployments.load((await history(supervisor)).deployments[-1])
    assert loaded.version.files[f"{NAME}/listing.py"] != SLOW.encode()
    files = {**loaded.version.files, f"{NAME}/listing.py": CRAMPED.encode()}
    worse = loaded.specification.model_copy(update={"version": "1.0.2"})
    await supervisor.built_agents.trials.start(worse, files, by="evolution", build="b2")
    assert (await supervisor.built_agents.trials.verify_health(NAME)).ok
    assert {one.text for one in await asked(supervisor, 6, "well")} == before
    more_visits(tmp_path)
    outcomes = Counter(one.outcome for one in await asked(supervisor, 30, "worse"))
    assert outcomes["failure"] >= 5
    assert await supervisor.evolution.watch() == [NAME]
    rolled_back = (await ends(supervisor))[-1]
    assert (rolled_back.version, rolled_back.result, rolled_back.by) == ("1.0.2", "rolled_back", "evolution")
    assert "requests failed" in rolled_back.reason
    assert {one.outcome for one in await asked(supervisor, 6, "well again")} == {"success"}
    assert (await served(supervisor))[-6:] == [("1.0.1", True)] * 6


async def history(supervisor: Supervisor) -> Placed:
    return await supervisor.built_agents.deployments.history(NAME)
