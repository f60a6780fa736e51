"""The calendar role: the user's own calendar, by default a local .ics file."""

from roles.calendar.role import build

__all__ = ["build"]
