"""Supervisors that built agents are deployed into; what the router learns of the sample agent is kept among tests."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import anyio
import pytest

from common.builder_settings import BuilderSettings
from common.settings import Settings, StoreSettings
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.roles.deployed import sample_agent

NAME = "dscr_calculator"
DSCR = "what is the DSCR of property 5?"


def settings_in(folder: Path, **more: Any) -> Settings:
    """Settings with a log in a file, and the sample agent's database."""
    address = f"sqlite:///{folder / 'properties.db'}"
    if not (folder / "properties.db").exists():
        sample_agent.database(folder)
    given = {"builder": BuilderSettings(database_url=address), "store": StoreSettings(), **more}
    return offline_settings(folder / "data").model_copy(update=given)


async def deploy(supervisor: Supervisor, factor: float = 1.0, version: str = "1.0.0", **more: Any) -> Any:
    """Deploy the sample agent."""
    made = sample_agent.specification(version)
    return await supervisor.built_agents.deploy(made, sample_agent.files(made, factor), **{"by": "test", **more})


async def _learn(folder: Path) -> None:
    async with Supervisor(settings_in(folder), background=False) as supervisor:
        await deploy(supervisor)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the router learns of the sample agent, so that each test need not wait for it."""
    folder = tmp_path_factory.mktemp("learned")
    anyio.run(_learn, folder)
    return folder / "data" / "cache"


@pytest.fixture
def folder(tmp_path: Path, learned: Path) -> Path:
    """A folder for `settings_in`."""
    shutil.copytree(learned, tmp_path / "data" / "cache")
    return tmp_path
