"""The calendar role: the user's own calendar, a local .ics file or an account of a CalDAV server."""

from roles.calendar.role import build

__all__ = ["build"]
