"""The memory role: facts that the user asked to keep."""

from roles.memory.role import build

__all__ = ["build"]
