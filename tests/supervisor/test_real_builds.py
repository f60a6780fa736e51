"""Whole builds with nothing left out: from a sentence to answers, in a real sandbox, without a model and with one.

Each takes seconds, most of them the type checker's: they are the only proof that all parts fit together.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from common.builder_settings import BuilderSettings
from common.errors import BuildError
from common.sandbox_settings import SandboxSettings
from common.settings import ModelSettings, Settings
from roles.sandbox.bubblewrap import BubblewrapSandbox
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.roles.builder.test_model_writing import code, operations, outline
from tests.roles.sandbox.contract import usable
from tests.services.llmock_server import LLMockProcess, llmock_process, llmock_server  # noqa: F401
from tests.system_parts import requires

REQUEST = "I need an agent to calculate DSCR for properties"
TABLES = """
CREATE TABLE properties (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE financial_metrics (id INTEGER PRIMARY KEY, property_id INTEGER NOT NULL REFERENCES properties(id),
  net_operating_income NUMERIC, annual_debt_service NUMERIC);
INSERT INTO properties VALUES (1, 'Mill Yard'), (3, 'Linden Court'), (4, 'Dock Nine');
INSERT INTO financial_metrics VALUES (1, 1, 150000, 100000), (2, 3, 60000, 0), (3, 4, NULL, 30000);
"""
ANSWERS = {
    "what is the DSCR of property 1?": "The DSCR of property 1 is 1.5 — PASS.",
    "what is the DSCR of property 3?": "is not defined",
    "what is the DSCR of property 4?": "not known",
    "what is the DSCR of property 99?": "no such property",
}


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    await usable(BubblewrapSandbox(SandboxSettings()))
    with sqlite3.connect(tmp_path / "estate.db") as database:
        database.executescript(TABLES)
    database.close()
    builder = BuilderSettings(database_url=f"sqlite:///{tmp_path}/estate.db")
    return offline_settings(tmp_path).model_copy(update={"builder": builder})


async def test_from_a_sentence_to_answers(settings: Settings, tmp_path: Path) -> None:
    async with Supervisor(settings, background=False) as supervisor:
        first = await supervisor.builds.create_agent(REQUEST, by="ann")
        assert (first.deployed, first.model_calls, first.repairs, first.reused) == (True, 0, 0, 0)
        figures: dict[str, Any] = dict(first.figures)
        assert figures["instantiation_us"] < 3.0
        assert figures["memory_kib"] <= 6.5
        assert figures["coverage"] >= 0.8
        assert figures["formulas_failed"] == figures["operations_failed"] == figures["tests_failed"] == 0
        for question, answer in ANSWERS.items():
            assert answer in (await supervisor.process_request(question)).text
        again = await supervisor.builds.create_agent(REQUEST, by="ann")
        assert (again.version, again.reused) == (first.version, 5)
        (record,) = [one for one in await supervisor.agents() if one.name == first.name]
        assert (record.kind, record.state, record.version) == ("agent", "deployed", "1.0.0")
        (tmp_path / "estate.db").write_bytes(b"lost" * 2_000)
        lost = await supervisor.process_request("what is the DSCR of property 1?")
        assert (lost.outcome, "database" in lost.text) == ("failure", True)
        with pytest.raises(BuildError, match="database"):
            await supervisor.builds.create_agent(REQUEST, by="ann")


BAD = "def count_syllables(line):\n    return eval('2')\n"
WRONG = '''"""Counts syllables."""

from syllables.types import CountSyllablesResult


def count_syllables(line: str) -> CountSyllablesResult:
    """Count."""
    return CountSyllablesResult(syllables=len(line))
'''
GOOD = '''"""Counts syllables."""

from syllables.types import CountSyllablesResult


def count_syllables(line: str) -> CountSyllablesResult:
    """Count the groups of vowels, without a silent e at the end of a word."""
    count = 0
    for word in line.lower().split():
        before = False
        for letter in word.removesuffix("e") if len(word) > 2 else word:
            now = letter in "aeiouy"
            count += now and not before
            before = now
    return CountSyllablesResult(syllables=count)
'''


async def test_what_only_a_model_can_write_bad_code_first(
    settings: Settings,
    llmock_server: LLMockProcess,  # noqa: F811
) -> None:
    """Code that breaks the policy, then code that is wrong, then code that is right."""
    tier = ModelSettings(
        provider="openai", model="gpt-x", base_url=llmock_server.openai, retries=0, timeout=30.0, idle_timeout=30.0
    )
    with_model = settings.model_copy(
        update={"models": {"fast": ModelSettings(), "smart": tier}, "builder": BuilderSettings()}
    )
    llmock_server.script(outline(), operations(), code(BAD), code(WRONG), code(GOOD))
    async with Supervisor(with_model, background=False) as supervisor:
        built = await supervisor.builds.create_agent("write an agent that counts the syllables of poems", by="ann")
        assert (built.name, built.repairs, built.model_calls) == ("syllables", 2, 5)
        tried = (await supervisor.builds.show(built.build_id)).tried
        assert [(one.stage, one.component) for one in tried] == [("security", "counting"), ("test", "counting")]
        assert "eval is not allowed" in tried[0].error
        answer = await supervisor.process_request("how many syllables has “a rose is a rose”?")
        assert "5" in answer.text


async def test_without_a_sandbox_nothing_is_run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stops before anything generated runs, says how to get one, and goes on once there is one."""
    from common.errors import SandboxError

    async def none(*_: object) -> SandboxError:
        return SandboxError("there is none", where="bubblewrap", todo="apt-get install bubblewrap")

    monkeypatch.setattr("roles.sandbox.bubblewrap.BubblewrapSandbox.available", none)
    monkeypatch.setattr("roles.sandbox.docker.DockerSandbox.available", none)
    without_types = shutil.which  # the type checker's seconds are not needed for this
    monkeypatch.setattr(
        "roles.engineering.tools.find_tool", lambda name: None if name == "pyright" else without_types(name)
    )
    async with Supervisor(settings, background=False) as supervisor:
        with pytest.raises(SandboxError, match="no sandbox on this machine"):
            await supervisor.builds.create_agent(REQUEST, by="ann", build_id="a" * 32)
        state = await supervisor.builds.show("a" * 32)
        assert state.failed is not None
        assert (state.failed.stage, state.failed.code) == ("validate", "sandbox")
        assert "apt-get install bubblewrap" in state.failed.todo
