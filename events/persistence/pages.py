"""Pages of the log, which are the same for every database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from events.backend import Page
from events.codec import StoredRow

__all__ = ["Select", "read_page"]

Select = Callable[[int, int, Sequence[str], int], list[StoredRow]]
"""The rows behind a position and up to another, of these topics (none: of all), at most so many."""

_WIDEST = 50_000


def read_page(
    head: int, select: Select, after: int, topics: Collection[str] | None, limit: int, until: int | None
) -> Page:
    """At most `limit` rows behind a position, of these topics (None: all), up to `until`.

    `head` is the last position, found before `select` is called: what is appended in between is on the next page. The
    log is looked through in windows, so that no statement takes longer the longer the log is, whatever way to its rows
    a database without statistics chooses.
    """
    stop = head if until is None else min(head, until)
    if stop <= after:
        return Page([], after)
    if topics is not None and not topics:
        return Page([], stop)
    wanted = sorted(topics or ())
    rows: list[StoredRow] = []
    width = 2 * limit if wanted else limit
    while after < stop and len(rows) < limit:
        end = min(stop, after + width)
        rows += select(after, end, wanted, limit - len(rows))
        after, width = end, min(4 * width, _WIDEST)  # there are few of them here
    return Page(rows, rows[-1][0] if len(rows) == limit else stop)
