"""What the processes of a sandbox use together, as the kernel tells it to the outside (proc(5))."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

__all__ = ["TreeUse", "children_of", "end_tree", "use_of"]

_TICKS = os.sysconf("SC_CLK_TCK")
_MOST = 4_096


@dataclass(frozen=True, slots=True)
class TreeUse:
    """Processes below one process, their threads, their own memory in bytes, and processor seconds up to now."""

    processes: int
    threads: int
    memory: int
    cpu: float


def children_of(pid: int) -> list[int]:
    """The processes that a process started and that still exist; none where it is gone."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, Path(f"/proc/{pid}/task/{task}/children").read_bytes().split())
    except OSError:
        pass
    return found


def use_of(pid: int) -> TreeUse:
    """The use of all processes below `pid`, without `pid` itself; at most some thousands of them are looked at."""
    waiting, seen = children_of(pid), 0
    threads, memory, cpu = 0, 0, 0.0
    while waiting and seen < _MOST:
        inner = waiting.pop()
        seen += 1
        waiting += children_of(inner)
        own_threads, own_memory, own_cpu = _use_of_one(inner)
        threads, memory, cpu = threads + own_threads, memory + own_memory, cpu + own_cpu
    return TreeUse(seen, threads, memory, cpu)


def _use_of_one(pid: int) -> tuple[int, int, float]:
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
        times = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0, 0, 0.0
    threads, memory = 0, 0
    for line in status.splitlines():
        name, _, value = line.partition(b":")
        # pages of files are shared among processes and can be dropped; anonymous and shared memory can't
        if name in (b"RssAnon", b"RssShmem"):
            memory += int(value.split()[0]) * 1024
        elif name == b"Threads":
            threads = int(value)
    return threads, memory, (int(times[11]) + int(times[12])) / _TICKS


def end_tree(pid: int) -> None:
    """Kill what `pid` started: where that is the first process of a namespace, all within it end with it."""
    for child in children_of(pid):
        try:
            os.kill(child, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
