"""The HTTP API: everything that can be asked and done, for whoever shows a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supervisor.http.app import create_app
    from supervisor.http.server import serve

__all__ = ["create_app", "serve"]


def __getattr__(name: str) -> Any:
    if name == "create_app":
        from supervisor.http.app import create_app

        return create_app
    if name == "serve":
        from supervisor.http.server import serve

        return serve
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
