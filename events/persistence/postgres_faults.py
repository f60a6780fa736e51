"""Faults of PostgreSQL in the words of the store."""

from __future__ import annotations

import re

import psycopg

from common.errors import StoreDamaged, StoreError, StoreUnavailable

__all__ = ["NoAnswer", "fault"]


class NoAnswer(psycopg.OperationalError):
    """Raised when the server says nothing for too long."""


_RETRY = "Try again in a moment; nothing that was acknowledged is lost."
_REASONS = {
    "28P01": ("the password was refused", "Correct user and password in store.url."),
    "28000": ("the role may not log in", "Correct the user in store.url, or have the role made and let in."),
    "3D000": ("the database does not exist", "Make it with createdb, or correct the name in store.url."),
    "42501": (
        "the role lacks a right",
        "Let it make schemas (GRANT CREATE ON DATABASE), or make them for it: CREATE SCHEMA … AUTHORIZATION role.",
    ),
    "25006": ("the database can only be read", "Name the primary server in store.url, not a standby."),
    "53300": ("the server takes no more connections", "Raise max_connections, or run fewer processes."),
    "53100": ("the server's disk is full", "Free some space; nothing that was acknowledged is lost."),
    "53200": ("the server is out of memory", _RETRY),
    "55P03": ("the database is locked by another program", "Close what holds it, or raise store.timeout."),
    "57014": ("the database took too long", "Raise store.timeout, or look at what else the server does."),
    "57P01": ("the server ended the session", _RETRY),
    "57P02": ("the server ended the session", _RETRY),
    "57P03": ("the server is starting or stopping", _RETRY),
    "57P05": ("the server ended the session", _RETRY),
    "25P03": ("the server ended the session, which had paused in a transaction", _RETRY),
    "25P04": ("the server ended the session, which took too long over a transaction", _RETRY),
    "40P01": ("the database found a deadlock", _RETRY),
    "XX001": ("the database is damaged", "Restore a backup; events verify says which events can't be read."),
    "XX002": ("the database is damaged", "Restore a backup; events verify says which events can't be read."),
}
_DAMAGED = ("XX001", "XX002")
_SIGNS = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("no pg_hba.conf entry", "28000"),
    ("is not permitted to log in", "28000"),
    ("too many connections", "53300"),
    ("remaining connection slots", "53300"),
    ("starting up", "57P03"),
    ("shutting down", "57P03"),
)
"""A server that refuses a connection gives its reason as text only."""
_MISSING = re.compile(r'FATAL: +(database|role) "[^"]*" does not exist')
_REFUSED = ("refused", "No such file", "could not translate", "timeout", "timed out", "unreachable", "resolve host")
_REFUSALS = (psycopg.IntegrityError, psycopg.DataError, psycopg.ProgrammingError, psycopg.InternalError)


def fault(error: psycopg.Error, place: str) -> StoreError:
    """What a database error means to the store's caller: most are no fault of what was to be written."""
    text = str(error).strip()
    state = error.sqlstate or _state(text)
    if state in _REASONS:
        what, todo = _REASONS[state]
        kind = StoreDamaged if state in _DAMAGED else StoreUnavailable
        return kind(what, where=place, todo=todo)
    if isinstance(error, _REFUSALS):
        return StoreError(f"the database refused it: {text}", where=place)
    if isinstance(error, NoAnswer):
        return StoreUnavailable(f"the database failed: {text}", where=place, todo=_RETRY)
    if any(sign in text for sign in _REFUSED):
        what = "the database can't be reached"
        return StoreUnavailable(what, where=place, todo="Start the server, or correct host and port in store.url.")
    if not error.sqlstate:
        return StoreUnavailable("the connection to the database was lost", where=place, todo=_RETRY)
    return StoreUnavailable(f"the database failed: {text}", where=place)


def _state(text: str) -> str:
    for sign, state in _SIGNS:
        if sign in text:
            return state
    missing = _MISSING.search(text)
    return "" if missing is None else "3D000" if missing[1] == "database" else "28000"
