"""A host whose one request hangs until it is cancelled: run by test_control.py in a process of its own.

usage: cancelled_host.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from common.results import RoleResult
from common.run_context import RunContext
from supervisor import Supervisor
from tests.supervisor.crashing_host import settings_in
from tests.supervisor.scripted_role import ScriptedRole


async def hang(_: str, __: RunContext) -> RoleResult:
    await anyio.sleep(50)
    raise AssertionError


async def main(folder: str) -> None:
    supervisor = Supervisor(settings_in(Path(folder)), background=False)
    supervisor.add_role(ScriptedRole(hang))
    async with supervisor:
        response = await supervisor.process_request("play the script")
    print(response.outcome)


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
