"""Folds a page of events into a view's rows, in memory; what the view can't take is parked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from events.backend import Changes, DatabaseRow, Key, ParkedRow
from events.recorded import RecordedEvent, Unknown
from events.view_types import HeldRow, Layout, RetiringView, View

__all__ = ["PreparedPage"]

_ERROR_CHARS = 500

_Bound = tuple[int, str, Any]
"""The place of a column in a stored row, its name, and a value as stored: rows below it go."""

_Touch = tuple[RecordedEvent, list[tuple[Key, tuple[Any, ...]]], _Bound | None]
"""An event and the rows it touches: the key as stored, and as the view named it; before that, which rows go."""


class PreparedPage:
    """A page of events with the keys they touch."""

    def __init__(self, view: View, layout: Layout, events: Sequence[RecordedEvent]) -> None:
        self._view = view
        self._layout = layout
        self._touches: list[_Touch] = []
        self._unusable: list[ParkedRow] = []
        retires = view.retires if isinstance(view, RetiringView) else None
        for event in events:
            if isinstance(event.event, Unknown) and event.event.problem:
                self._unusable.append(self._park(event, event.event.problem))
                continue
            try:
                retired = retires(event) if retires is not None else None
                bound = None if retired is None else layout.bound(*retired)
                keys = [(layout.encode_key(key), key) for key in view.keys(event)]
            except Exception as error:  # one bad event must not stop the others
                self._unusable.append(self._park(event, error))
                continue
            if keys or bound is not None:
                self._touches.append((event, keys, bound))
        self.keys: list[Key] = list({key: None for _, keys, _ in self._touches for key, _ in keys})

        self.has_parked = bool(self._unusable)

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return not self._touches and not self._unusable

    def fold(self, stored: Mapping[Key, DatabaseRow]) -> Changes:
        """What the page changes, given the stored rows of its keys.

        Every row is brought into its stored form after every event: whether an event can be taken must not depend on
        which others share its page.
        """
        renew, evolve = self._layout.renew, self._view.evolve
        rows: dict[Key, HeldRow | None] = {key: self._layout.hold(form) for key, form in stored.items()}
        touched: dict[Key, HeldRow | None] = {}
        parked = list(self._unusable)
        below: dict[tuple[str, Any], None] = {}
        for event, keys, bound in self._touches:
            after: dict[Key, HeldRow | None] = {}
            if bound is not None:
                place, name, value = bound
                below[name, value] = None
                rows.update(gone := self._below(rows, place, value))
                touched.update(gone)
            try:
                if len(keys) == 1:  # as good as always
                    stored_key, key = keys[0]
                    before = rows.get(stored_key)
                    row = evolve(key, None if before is None else before.row.copy(), event)
                    rows[stored_key] = touched[stored_key] = None if row is None else renew(stored_key, row, before)
                    continue
                for stored_key, key in keys:
                    before = after[stored_key] if stored_key in after else rows.get(stored_key)
                    row = evolve(key, None if before is None else before.row.copy(), event)
                    after[stored_key] = None if row is None else renew(stored_key, row, before)
            except Exception as error:  # one bad event must not stop the others
                parked.append(self._park(event, error))
                self.has_parked = True
                continue
            rows.update(after)
            touched.update(after)
        parked.sort(key=lambda entry: entry.position)
        written = [(key, self._layout.written(row)) for key, row in touched.items() if row is not None]
        upserts = [row for key, row in written if below or row != stored.get(key)]
        deletes = [key for key, row in touched.items() if row is None and key in stored]
        return Changes(upserts, deletes, parked, list(below))

    def _below(self, rows: Mapping[Key, HeldRow | None], place: int, value: Any) -> dict[Key, HeldRow | None]:
        """Those of the rows that lie below a value, as gone."""
        held = {key: self._layout.written(row)[place] for key, row in rows.items() if row is not None}
        return {key: None for key, found in held.items() if found is not None and found < value}

    def _park(self, event: RecordedEvent, problem: Exception | str) -> ParkedRow:
        error = problem if isinstance(problem, str) else f"{type(problem).__name__}: {problem}"
        clean = error.encode(errors="replace").decode()[:_ERROR_CHARS]
        return ParkedRow(self._view.name, event.position, event.id, event.topic, clean, datetime.now(UTC).isoformat())
