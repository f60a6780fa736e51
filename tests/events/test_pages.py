"""Pages of the log: what they hold, and how far a statement may have to look for it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from events.backend import Page
from events.codec import StoredRow
from events.persistence.pages import read_page

TOPICS = ("a", "b", "c")
LOGS = st.lists(st.sampled_from([*TOPICS, None]), max_size=300)
"""The topics of a log by positions; None: the row is elsewhere, for it was archived."""


class Rows:
    """Rows of a log, and the windows that were asked for."""

    def __init__(self, topics: Sequence[str | None]) -> None:
        self.head = len(topics)
        self.rows: list[StoredRow] = [
            (position, "s", position, topic, b"") for position, topic in enumerate(topics, 1) if topic is not None
        ]
        self.asked: list[tuple[int, int]] = []

    def select(self, after: int, stop: int, topics: Sequence[str], limit: int) -> list[StoredRow]:
        self.asked.append((after, stop))
        found = [row for row in self.rows if after < row[0] <= stop and (not topics or row[3] in topics)]
        return found[:limit]

    def page(self, after: int, topics: set[str] | None, limit: int, until: int | None) -> Page:
        return read_page(self.head, self.select, after, topics, limit, until)


@given(LOGS, st.none() | st.sets(st.sampled_from(TOPICS)), st.integers(1, 20), st.none() | st.integers(0, 320))
def test_pages_behind_each_other_give_every_row_once(
    topics: list[str | None], wanted: set[str] | None, limit: int, until: int | None
) -> None:
    log = Rows(topics)
    end = log.head if until is None else min(until, log.head)
    found: list[StoredRow] = []
    after, last = 0, False
    while not last:
        page = log.page(after, wanted, limit, until)
        assert len(page.rows) <= limit
        assert after <= page.scanned_to <= max(end, after)
        last = len(page.rows) < limit
        assert not last or page.scanned_to >= end
        after = page.scanned_to
        found += page.rows
    assert found == [row for row in log.rows if row[0] <= end and (wanted is None or row[3] in wanted)]


@given(st.integers(1, 50), st.sampled_from([None, {"a"}]))
def test_no_statement_looks_through_more_than_a_page_needs(limit: int, topics: set[str] | None) -> None:
    log = Rows(["a"] * 5_000)
    page = log.page(100, topics, limit, None)
    assert len(page.rows) == limit
    assert all(stop - after <= 2 * limit for after, stop in log.asked)


def test_rare_events_are_looked_for_in_few_windows_none_of_which_has_no_bound() -> None:
    log = Rows([None] * 400_000 + ["a"])
    page = log.page(0, {"a"}, 500, None)
    assert [row[0] for row in page.rows] == [400_001]
    assert len(log.asked) < 20
    assert max(stop - after for after, stop in log.asked) <= 50_000
