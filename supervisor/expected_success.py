"""What success is to be expected of a request, by engine and role, when it was routed and before anything is done."""

from __future__ import annotations

from collections.abc import Iterable

from common.hints import PLANNING
from common.results import ExpectedSuccess
from supervisor.learning.forecast import Prediction
from supervisor.runs import Run

__all__ = ["DIRECT", "ENGINES", "expect"]

DIRECT = "direct"
"""What the fast path is called beside the engines: one role answers by itself."""
ENGINES = ("task_graph", "meta_planning")

_WIDEST = 0.4
"""The widest interval of a role's expected success that planners are told of."""


def expect(run: Run, approach: str, route: str, roles: Iterable[str]) -> None:
    """Note in the run what is expected of the engines, and for its planner of the roles.

    Reads what was learned before and waits for nothing. Where nothing was learned it does nothing.
    """
    forecast = run.forecast
    if forecast.empty:
        return
    tenant = run.context.context.tenant
    planning = _version(run, PLANNING)
    agents = {engine: (PLANNING, engine, planning) for engine in ENGINES}
    if approach == DIRECT:
        agents = {DIRECT: (route, DIRECT, _version(run, route)), **agents}
    else:
        agents |= {f"role {role}": (role, ENGINES[0], _version(run, role)) for role in roles}
    found = forecast.predict_each(run.request, agents, tenant=tenant)
    engines = {name: _told(each) for name, each in found.items() if name in (DIRECT, *ENGINES)}
    if engines:
        run.metadata["expected_success"] = engines
    if approach != DIRECT:
        run.expected = {
            name.removeprefix("role "): round(each.probability, 3)
            for name, each in found.items()
            if name in engines or each.high - each.low <= _WIDEST
        }


def _version(run: Run, agent_type: str) -> str:
    return run.hints_for(agent_type).guideline_version or ""


def _told(found: Prediction) -> ExpectedSuccess:
    return ExpectedSuccess(
        probability=round(found.probability, 3),
        low=round(found.low, 3),
        high=round(found.high, 3),
        support=found.support,
    )
