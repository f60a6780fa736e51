"""The world outside: a server that outlives the processes which act on it, and counts what it was told and did.

A line to it is ``do KIND NAME KEY DELAY NOT_AFTER`` or ``ask KEY``. It acts DELAY seconds after it was told, whether
or not who told it still lives, and never after NOT_AFTER (a time of the clock): what a claim promises of a call that
can no longer arrive. Things of the kind ``bell`` honour the key, so a second telling does nothing.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio
from anyio.abc import SocketStream

from tests.crash.processes import Tell

__all__ = ["World", "act", "happened", "read_acts", "serve"]

_SOCKET = "world.sock"
_ACTS = "world.log"


@dataclass(slots=True)
class World:
    """What took effect: by name of the thing done, the keys under which it was done, once each time."""

    acts: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])

    def times(self, kind: str, name: str) -> int:
        """How often a thing was done, whatever the key."""
        return sum(count for (one, other, _), count in self.acts.items() if (one, other) == (kind, name))

    @property
    def keys(self) -> set[str]:
        """The keys under which something was done."""
        return {key for _, _, key in self.acts}

    @property
    def doubled(self) -> list[str]:
        """The things that were done twice."""
        times: Counter[str] = Counter()
        for (kind, name, _), count in self.acts.items():
            times[f"{kind} {name}"] += count
        return [thing for thing, count in times.items() if count > 1]


class _Server:
    def __init__(self, folder: Path) -> None:
        self._file = (folder / _ACTS).open("a")
        self._done: set[str] = set()

    async def connected(self, client: SocketStream) -> None:
        """Answer one client; what it told comes about, even where it is gone in the meantime."""
        async with client:
            with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                while True:
                    words = (await client.receive()).decode().split()
                    answer = await self._answer(words)
                    await client.send(answer.encode())

    async def _answer(self, words: Sequence[str]) -> str:
        if words[0] == "ask":
            return "yes" if words[1] in self._done else "no"
        _, kind, name, key, delay, not_after = words
        await anyio.sleep(float(delay))
        if time.time() > float(not_after):
            return "late"
        if kind != "bell" or key not in self._done:
            self._done.add(key)
            self._file.write(f"{kind} {name} {key}\n")
            self._file.flush()
        return "done"


def serve(folder: Path, tell: Tell) -> None:
    """Be the world, for ever; tells ``ready``."""

    async def run() -> None:
        world = _Server(folder)
        async with await anyio.create_unix_listener(str(folder / _SOCKET)) as listener:
            tell("ready")
            await listener.serve(world.connected)

    anyio.run(run)


async def act(folder: Path, kind: str, name: str, key: str, delay: float, not_after: float) -> bool:
    """Have something done; whether it was. Raises `OSError` when there is no answer."""
    return await _say(folder, f"do {kind} {name} {key} {delay:.4f} {not_after:.6f}") == "done"


async def happened(folder: Path, key: str) -> bool:
    """Whether something was done under a key. Raises `OSError` when there is no answer."""
    return await _say(folder, f"ask {key}") == "yes"


async def _say(folder: Path, line: str) -> str:
    async with await anyio.connect_unix(str(folder / _SOCKET)) as stream:
        await stream.send(line.encode())
        try:
            return (await stream.receive()).decode()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            raise ConnectionError("the world gave no answer") from None


def read_acts(folder: Path) -> World:
    """What was done."""
    world = World()
    for line in (folder / _ACTS).read_text().splitlines():
        kind, name, key = line.split()
        world.acts[kind, name, key] += 1
    return world
