"""Builds the calendar role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.follow_up import FollowUp
from common.health import HealthCheck
from common.language.time_words import find_spans
from roles.calendar.adapters.local_file import LocalCalendar
from roles.calendar.examples import EXAMPLES
from roles.calendar.handlers import AddEventHandler, CancelEventHandler, MoveEventHandler, RenameEventHandler
from roles.calendar.tools import CalendarTools
from roles.domain_role import DomainRole
from roles.questions import is_question
from roles.resources import RoleResources

if TYPE_CHECKING:
    from roles.calendar.adapters.caldav_server import CalDavCalendar

__all__ = ["build"]


def build(resources: RoleResources) -> DomainRole:
    """The calendar role over each owner's local .ics file, or account of a CalDAV server, as the settings have it.

    Raises `ConfigurationError` where they name a CalDAV server without saying which, or no account there.
    """
    backend = _backend(resources)
    return DomainRole(
        resources,
        name="calendar",
        description=(
            "The user's calendar: lists, adds, moves and cancels appointments and events, and finds free time. "
            "It sets no timers and reminds of nothing."
        ),
        examples=EXAMPLES,
        tools=CalendarTools(backend, resources.settings).tools(),
        intent_handlers=(
            AddEventHandler(backend),
            MoveEventHandler(backend),
            RenameEventHandler(backend),
            CancelEventHandler(backend),
        ),
        fallback=_question,
        follow_up=_follow_up,
        health_checks=(HealthCheck("calendar", backend.probe),),
    )


def _backend(resources: RoleResources) -> CalDavCalendar | LocalCalendar:
    settings = resources.settings
    if settings.calendar.backend == "caldav":
        from roles.calendar.adapters.caldav_server import CalDavCalendar

        return CalDavCalendar(settings.calendar.caldav, resources.clock)
    return LocalCalendar(settings, resources.clock)


def _follow_up(said: FollowUp) -> tuple[str, dict[str, str]] | None:
    """What is to be done with events that were spoken of before."""
    match said.action:
        case "move":
            return "calendar.move", {"which": "it", "when": said.words}
        case "rename":
            return "calendar.rename", {"which": "it", "name": said.words}
        case "cancel":
            return "calendar.cancel", {"which": "it"}
        case "ask":
            return "calendar.list", {"about": "it"}
        case _:
            return None


def _question(part: str) -> tuple[str, dict[str, str]] | None:
    """A question that no tool's words fit is one about what is in the calendar."""
    when = " ".join(span.text for span in find_spans(part) if span.kind == "when")
    return ("calendar.list", {"about": part, "when": when}) if is_question(part) else None
