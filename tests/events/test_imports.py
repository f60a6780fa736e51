"""What importing the package costs and gives."""

from __future__ import annotations

import subprocess
import sys

import pytest

import events

CHECK = """
import sys
import {module}
heavy = [name for name in ("eventsourcing", "strands", "sqlite3", "asyncio") if name in sys.modules]
print(*heavy)
"""


def loaded(module: str) -> list[str]:
    return subprocess.check_output([sys.executable, "-c", CHECK.format(module=module)], text=True).split()


def test_importing_the_package_loads_nothing() -> None:
    assert loaded("events") == []


def test_the_eventsourcing_library_is_loaded_when_a_store_is_opened() -> None:
    names = ", ".join(["events.store", "events.projection", "events.views.builtin", "events.verify", "events.transfer"])
    assert "eventsourcing" not in loaded(names)


@pytest.mark.parametrize("name", events.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(events, name).__name__ == name or name == "Row"


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="Nothing"):
        _ = events.Nothing
