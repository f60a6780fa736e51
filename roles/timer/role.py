"""Builds the timer role."""

from __future__ import annotations

from common.follow_up import FollowUp
from roles.domain_role import DomainRole
from roles.questions import is_question
from roles.resources import RoleResources
from roles.timer.examples import EXAMPLES
from roles.timer.handlers import CancelTimerHandler, ChangeTimerHandler, SetTimerHandler
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
        intent_handlers=(
            SetTimerHandler(resources.clock),
            ChangeTimerHandler(resources.clock, resources.views),
            CancelTimerHandler(resources.views),
        ),
        views=(TimersView(),),
        follow_up=_follow_up,
        fallback=lambda part: ("timer.list", {"which": part}) if is_question(part) else None,
    )


def _follow_up(said: FollowUp) -> tuple[str, dict[str, str]] | None:
    """What is to be done with timers that were spoken of before."""
    match said.action:
        case "move" | "extend":
            return "timer.change", {"which": "it", "when": said.words}
        case "cancel" | "off":
            return "timer.cancel", {"which": "it"}
        case "ask" | "left":
            return "timer.list", {"which": "it"}
        case _:
            return None
