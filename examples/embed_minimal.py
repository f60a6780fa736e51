"""The smallest host: one request through an embedded supervisor, with everything in a folder of its own."""

import sys
from pathlib import Path

import anyio

from common.settings import Settings
from supervisor import Supervisor


async def main(folder: str) -> None:
    """Ask one thing and print the answer."""
    async with Supervisor(Settings(data_dir=Path(folder), timezone="Europe/Zurich")) as supervisor:
        response = await supervisor.process_request("Set a tea timer for 4 minutes and turn on the kitchen light")
        print(response.outcome, response.text, sep="\n")


if __name__ == "__main__":
    anyio.run(main, sys.argv[1] if len(sys.argv) > 1 else "data")
