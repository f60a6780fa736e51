"""How much memory a build could still use."""

from __future__ import annotations

from pathlib import Path

__all__ = ["free_memory"]

_GROUP = Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Bytes of memory that are free, on the machine or within the control group that bounds this process."""
    import psutil

    free = int(psutil.virtual_memory().available)
    limit, used = _number("memory.max"), _number("memory.current")
    return free if limit is None or used is None else max(0, min(free, limit - used + _reclaimable()))


def _number(name: str) -> int | None:
    try:
        text = (_GROUP / name).read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _reclaimable() -> int:
    """Bytes of files that the kernel keeps in memory and would give up."""
    try:
        lines = (_GROUP / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(value) for key, _, value in (line.partition(" ") for line in lines) if key == "inactive_file")
