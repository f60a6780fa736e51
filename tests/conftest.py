"""Fixtures that every test may use."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["supervisor.testing"]

# how long something takes depends on who else uses the machine: no test is to fail for it
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


_WITH_PROCESSES = {"supervisor", "examples", "deployed", "builder", "improver", "sandbox"}
_NO_SECOND_TRY = ("crash", "killed", "events")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a test that other processes or background loops take part in a second try, which is told in the summary.

    Servers, browsers, sandboxes and whole supervisors have time-outs of their own, and on a busy machine one of them
    may stall for longer. What is claimed of durability is not among these tests: there, once in a thousand is a defect.
    """
    for item in items:
        names = vars(getattr(item, "module", None) or object).values()
        speaks_to_others = any(str(getattr(value, "__module__", "")).startswith("tests.services.") for value in names)
        if not speaks_to_others and not _WITH_PROCESSES & set(item.path.parts):
            continue
        place = item.nodeid.split("[", 1)[0]
        if not any(word in place for word in _NO_SECOND_TRY):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def anyio_backend() -> str:
    """Strands needs asyncio."""
    return "asyncio"
