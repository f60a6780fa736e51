"""Where requests go, as the way of a request sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from common.context import TaskContext
from roles.router import PLANNING, RoutingDecision

__all__ = ["AlwaysPlanned", "Routes"]


class Routes(Protocol):
    """Decides about a request: `roles.router.Router`, or what stands in its place."""

    async def route_request(self, request: str, context: TaskContext, guideline: Sequence[str] = ()) -> RoutingDecision:
        """Decide about one request, by the router's rules."""
        ...


class AlwaysPlanned:
    """Has every request planned, whatever the router thinks: to compare engines, of which the fast path uses none."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes

    async def route_request(self, request: str, context: TaskContext, guideline: Sequence[str] = ()) -> RoutingDecision:
        """The router's decision, turned into planning."""
        decision = await self._routes.route_request(request, context, guideline)
        return decision if decision.route == PLANNING else replace(decision, approach="meta_planning", route=PLANNING)
