"""Builds agents that calculate debt service coverage on a real PostgreSQL, and asks the supervisor.

`make example-dscr` runs it: a server of its own, two tables, the simple agent and the three-mode system, each built
from a sentence, checked against SQL, asked through the supervisor and called from Python. Nothing of it stays.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import anyio
import psycopg
import yaml
from postgres import postgres

from common.builder_settings import BuilderSettings
from common.settings import Settings
from supervisor import Supervisor

HERE = Path(__file__).parent
SQL = "SELECT round(noi / NULLIF(annual_debt_service, 0), 6) FROM financial_metrics WHERE property_id = %s"
QUESTIONS = (
    "what is the DSCR of property 5?",
    "what is the DSCR of property 5 in conservative mode?",
    "what is the DSCR of property 1 with 15 % stress on NOI and rates up 200 basis points?",
    "what is the DSCR of property 3?",
    "what is the DSCR of property 4?",
    "what is the DSCR of property 99?",
)


def fill(url: str) -> None:
    """Make the tables, with their rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((HERE / "tables.sql").read_text(encoding="utf-8"))


def by_sql(url: str, property_id: int) -> float | None:
    """The DSCR as the database works it out."""
    with psycopg.connect(url) as connection:
        row = connection.execute(SQL, (property_id,)).fetchone()
    return None if row is None or row[0] is None else float(row[0])


async def build(supervisor: Supervisor, name: str) -> Any:
    """Build an agent from what a file asks for, and say how it went."""
    started = time.perf_counter()
    asked = yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    built = await supervisor.builds.create_agent(asked, by="example")
    took = time.perf_counter() - started
    print(f"{built.name} {built.version}: built in {took:.1f} s, {built.reused} stages reused, figures:")
    for figure, value in built.figures.items():
        print(f"  {figure}: {value}")
    return built


async def ask(supervisor: Supervisor, question: str) -> None:
    """Ask the supervisor, and show its answer."""
    answer = await supervisor.process_request(question)
    print(f"\n> {question}\n{answer.text}")


def call_from_python(folder: Path, url: str) -> None:
    """The package of an agent is an ordinary one for those who choose to import it."""
    sys.path.insert(0, str(folder))
    os.environ["DATABASE_URL"] = url
    agent = importlib.import_module("calc_agent").CalcAgent()
    found = agent.calculate_dscr(property_id=5)
    print(f"\nCalcAgent().calculate_dscr(property_id=5): dscr {found.dscr}, {found.validation_status}")
    for property_id in (1, 2, 5):
        expected, got = by_sql(url, property_id), float(agent.calculate_dscr(property_id=property_id).dscr)
        if expected is None or abs(got - expected) > 1e-6:
            raise SystemExit(f"property {property_id}: SQL says {expected}, the agent {got}")
    print("The figures are those of SQL.")


async def main() -> None:
    """Everything in turn."""
    logging.basicConfig(level=logging.ERROR)
    with postgres() as server, tempfile.TemporaryDirectory() as data:
        url = server.url
        fill(url)
        settings = Settings(data_dir=Path(data), builder=BuilderSettings(database_url=url))
        async with Supervisor(settings) as supervisor:
            simple = await build(supervisor, "simple")
            await build(supervisor, "simple")
            await ask(supervisor, QUESTIONS[0])
            call_from_python(simple.folder, url)
            # both would answer the same questions
            await supervisor.disable_agent("calc_agent", by="example", reason="the three-mode system takes over")
            await build(supervisor, "three_modes")
            for question in QUESTIONS:
                await ask(supervisor, question)
            server.stop()
            print("\n(the database is stopped)")
            await ask(supervisor, QUESTIONS[0])


if __name__ == "__main__":
    anyio.run(main)
