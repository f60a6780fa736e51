"""Tools of an MCP server: reading ones are called at once, the others are intents that a person approves.

Run it: python examples/mcp_tools.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from common.settings import McpRoleSettings, McpServerSettings, Settings
from supervisor import Supervisor

SHELF = McpServerSettings(
    command=sys.executable,
    args=(str(Path(__file__).parent / "mcp_shelf" / "server.py"),),
    role=McpRoleSettings(
        description="The book shelf: which books are on it, and putting one on it. Not for other documents.",
        examples=(
            "which books are on the shelf?", "list the books", "show me all the books on the shelf",
            "what books do we have on the shelf", "put the book Ulysses on the shelf", "add Middlemarch to the shelf",
            "a new book for the shelf: Walden", "please put Ivanhoe on the book shelf",
        ),
    ),
)  # fmt: skip


async def main(folder: str) -> None:
    """List, add, approve, list again."""
    settings = Settings(data_dir=Path(folder), mcp_servers={"shelf": SHELF})
    async with Supervisor(settings, background=False) as supervisor:
        print((await supervisor.process_request("list the books on the shelf")).text)
        print((await supervisor.process_request("add “Ulysses” to the shelf")).outcome)
        for waiting in await supervisor.approvals():
            print(waiting["summary"])
            print((await supervisor.approve(waiting["intent_id"], by="the reader")).detail)
        print((await supervisor.process_request("list the books and set a tea timer for 4 minutes")).text)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1] if len(sys.argv) > 1 else "data")
