"""Builds the timer role."""

from __future__ import annotations

from roles.domain_role import DomainRole
from roles.questions import is_question
from roles.resources import RoleResources
from roles.timer.examples import EXAMPLES
from roles.timer.handlers import CancelTimerHandler, SetTimerHandler
from roles.timer.tools import TimerTools
from roles.timer.view import TimersView

__all__ = ["build"]


def build(resources: RoleResources) -> DomainRole:
    """The timer role over the log; `roles.timer.firing.TimerFirer` lets what it sets go off."""
    return DomainRole(
        resources,
        name="timer",
        description=(
            "Sets, lists and cancels timers, alarms and reminders, each of which goes off once. "
            "It keeps no appointments."
        ),
        examples=EXAMPLES,
        tools=TimerTools(resources.views, resources.settings).tools(),
        intent_handlers=(SetTimerHandler(resources.clock), CancelTimerHandler(resources.views)),
        views=(TimersView(),),
        fallback=lambda part: ("timer.list", {"which": part}) if is_question(part) else None,
    )
