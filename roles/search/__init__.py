"""The search role: the user's own documents and a small shipped collection."""

from roles.search.role import build

__all__ = ["build"]
