"""The dashboard: a page that shows what the HTTP API tells, and has decided what it lets decide.

It is static: the server gives the same files to everybody, and the browser asks the API for everything it shows.
"""

from __future__ import annotations

from supervisor.dashboard.pages import mount

__all__ = ["mount"]
