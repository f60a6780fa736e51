"""The version of the checks: it changes whenever a check could find something else."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

__all__ = ["checker_version"]

_PACKAGES = {
    "roles.builder.checking": (".py",),
    "roles.builder.writing": (".py",),
    "roles.engineering": (".py",),
    "roles.engineering.formulas": (".py",),
}
_TOOLS = ("ruff", "pyright", "sqlalchemy")


@lru_cache(maxsize=1)
def checker_version() -> str:
    """SHA-256, in hex, of the checks' source and the versions of the tools that they use."""
    found = hashlib.sha256()
    for package, ends in _PACKAGES.items():
        for one in sorted(files(package).iterdir(), key=lambda entry: entry.name):
            if one.name.endswith(ends):
                found.update(one.name.encode() + b"\0" + one.read_bytes() + b"\0")
    for tool in _TOOLS:
        try:
            found.update(f"{tool} {version(tool)}".encode())
        except PackageNotFoundError:
            found.update(f"{tool} none".encode())
    return found.hexdigest()
