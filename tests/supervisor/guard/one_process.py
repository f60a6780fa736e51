"""A process of its own that looks at the flags once, when it is told to: ``python -m … FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from common.settings import StoreSettings
from supervisor import Supervisor
from supervisor.testing import offline_settings


async def main(folder: Path) -> None:
    store = StoreSettings(url=f"sqlite:///{folder / 'log.db'}")
    settings = offline_settings(folder).model_copy(update={"store": store})
    async with Supervisor(settings, background=False) as supervisor:
        print("ready", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.readline)
        print(len(await supervisor.guard.step()), flush=True)


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]))
