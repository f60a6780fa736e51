"""Packages that only some installations need: imported when used, with a clear error where they are missing."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from common.errors import ConfigurationError

__all__ = ["import_extra"]


def import_extra(module: str, *, extra: str, where: str) -> ModuleType:
    """The module, which comes with the extra of that name; `where` is the setting that asks for it.

    Raises `ConfigurationError` that names the extra. Imports can take a second: call it from a worker thread.
    """
    try:
        return import_module(module)
    except ImportError as error:
        missing = error.name or module
        raise ConfigurationError(
            f"the package {missing} is not installed",
            where=where,
            todo=f"Install it with: pip install 'agent-supervisor[{extra}]'.",
        ) from None
