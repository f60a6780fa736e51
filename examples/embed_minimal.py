"""The smallest host: one request through an embedded supervisor, which keeps everything in the folder `data`."""

import anyio

from supervisor import Supervisor


async def main() -> None:
    """Ask one thing, print the answer."""
    async with Supervisor() as supervisor:
        response = await supervisor.process_request("Set a tea timer for 4 minutes and turn on the kitchen light")
        print(response.outcome, response.text, sep="\n")


anyio.run(main)
