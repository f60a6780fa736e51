"""The timer role: timers, alarms and reminders, kept in the log."""

from roles.timer.role import build

__all__ = ["build"]
