"""What a built agent can get of a database: its own queries' rows, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from common.errors import AgentError
from roles.deployed.broker import DataBroker
from tests.roles.deployed import sample_agent


def broker(address: str | None) -> DataBroker:
    return DataBroker(sample_agent.specification(), lambda variable: address if variable == "DATABASE_URL" else None)


async def test_rows_of_its_own_queries(tmp_path: Path) -> None:
    asked = broker(sample_agent.database(tmp_path))
    assert await asked.fetch("property_by_id", {"property_id": 5}) == [{"noi": 125_000, "debt_service": 100_000}]
    assert await asked.fetch("property_by_id", {"property_id": 7}) == []
    await asked.probe()
    await asked.close()


@pytest.mark.parametrize(
    ("query", "parameters", "case"),
    [
        ("all_secrets", {}, "unsupported"),
        ("property_by_id", {"property_id": "5 or 1 = 1"}, "invalid_input"),
        ("property_by_id", {"property_id": {"sql": "1"}}, "invalid_input"),
        ("property_by_id", {"property_id": "\0"}, "invalid_input"),
        ("property_by_id", {"property_id": [1] * 2_000}, "invalid_input"),
        ("property_by_id", {"table": "secrets"}, "invalid_input"),
    ],
)
async def test_nothing_else_can_be_asked(tmp_path: Path, query: str, parameters: Any, case: str) -> None:
    asked = broker(sample_agent.database(tmp_path))
    with pytest.raises(AgentError) as raised:
        await asked.fetch(query, parameters)
    assert raised.value.case == case
    await asked.close()


async def test_a_lost_database_is_told_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "properties.db"
    address = sample_agent.database(tmp_path)
    asked = broker(address)
    await asked.fetch("property_by_id", {"property_id": 5})
    await asked.close()
    os.rename(path, tmp_path / "gone.db")
    path.mkdir()
    for ask in (asked.probe(), asked.fetch("property_by_id", {"property_id": 5})):
        with pytest.raises(AgentError, match="database can't be") as raised:
            await ask
        assert raised.value.case == "source_unavailable"
    path.rmdir()
    os.rename(tmp_path / "gone.db", path)
    assert len(await asked.fetch("property_by_id", {"property_id": 5})) == 1
    await asked.close()


async def test_a_database_without_the_tables_is_found_before_anybody_asks(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    asked = broker(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(AgentError, match="no such table") as raised:
        await asked.probe()
    assert raised.value.case == "source_unavailable"
    await asked.close()


@pytest.mark.parametrize("address", [None, "", "nonsense", "postgresql://ann:hunter2@127.0.0.1:9/none"])
async def test_without_a_database_no_message_holds_its_password(address: str | None) -> None:
    asked = broker(address)
    for ask in (asked.probe(), asked.fetch("property_by_id", {"property_id": 5})):
        with pytest.raises(AgentError) as raised:
            await ask
        assert raised.value.case == "source_unavailable"
        assert "hunter2" not in str(raised.value)
    await asked.close()
