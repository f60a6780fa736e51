"""Fixtures that every test may use."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["supervisor.testing"]

# how long something takes depends on who else uses the machine: no test is to fail for it
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a test that talks to somebody else's server a second try, which is told in the summary.

    Brokers, calendar and model servers are processes with time-outs of their own, and on a busy machine one of them
    may stall for longer. What is claimed of durability is not among these tests: there, once in a thousand is a defect.
    """
    for item in items:
        names = vars(getattr(item, "module", None) or object).values()
        speaks_to_others = any(str(getattr(value, "__module__", "")).startswith("tests.services.") for value in names)
        if speaks_to_others and not {"events", "crash"} & set(item.path.parts):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture
def anyio_backend() -> str:
    """Strands needs asyncio."""
    return "asyncio"
