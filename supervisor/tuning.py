"""`supervisor.tuning`: settings that are changed while supervisors run, as the log says.

A value is in force in every supervisor on the log within a second, on top of its configuration, until it is tuned again
or taken back. What carries out an improvement counts only where that improvement was approved with exactly this value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import anyio
from pydantic import JsonValue

from common.errors import ConfigurationError, ImprovementError, NotFound, StoreError, StreamConflict
from common.health import Reached
from common.intents import StreamAppend
from common.logs import get_logger
from common.settings import Settings
from events.catalogue.tuning import SettingTuned
from events.projection import Views
from events.recorded import RecordedEvent, refuse_unreadable
from events.state.improvement import ApprovedImprovement, ImprovementStatus, fold_improvement, permit
from events.store import EventStore, stream_name
from events.topic_news import TopicNews
from events.views.tuning import TuningView
from llm_provider.tool_registry import ToolRegistry
from supervisor.commands.improvements import improvement_stream
from supervisor.tunables import Tunable, tunables

__all__ = ["TunedChange", "TunedSetting", "Tuning", "changes_of"]

_log = get_logger(__name__)
_ATTEMPTS = 10
_MANY = 10_000
_CARRIED_OUT = (ImprovementStatus.ASSIGNED, ImprovementStatus.COMPLETED)

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TunedSetting:
    """A setting as it is now. `value` is in force; `tuned` is False where that is the configured one.

    `problem` says why what was tuned is not in force; empty otherwise.
    """

    key: str
    value: float
    configured: float
    low: float
    high: float
    unit: str
    about: str
    tuned: bool = False
    by: str = ""
    reason: str = ""
    improvement: str | None = None
    at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TunedChange:
    """One recorded change of a setting; `value` and `before` None: as configured."""

    key: str
    value: float | None
    before: float | None
    by: str
    reason: str
    improvement: str | None
    at: datetime
    position: int


def changes_of(arguments: Mapping[str, JsonValue]) -> dict[str, float]:
    """The settings that a plan names under ``changes``, with their values. Raises `ImprovementError`."""
    given = arguments.get("changes")
    if not isinstance(given, dict) or not given:
        raise ImprovementError("the plan names no setting to change", where="implementation_plan.arguments.changes")
    changes: dict[str, float] = {}
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ImprovementError(f"{key} is to be a number", where="implementation_plan.arguments.changes")
        changes[key] = float(value)
    return changes


class Tuning:
    """The tuned settings of one log. Commands raise `StoreError`, too."""

    def __init__(self, store: EventStore, views: Views, settings: Settings, tools: ToolRegistry) -> None:
        self._store = store
        self._views = views
        self._settings = settings
        self._tools = tools
        self._news = TopicNews(store, TuningView.topics)
        self._lock = anyio.Lock()
        self._values: dict[str, float] = {}
        self._problems: dict[str, str] = {}
        self.elsewhere: dict[str, float] = {}
        """What was tuned and can't be here, such as of a tool that only another process has; with its value."""
        self._appliers: list[Callable[[Values], None]] = []

    # --- what holds ------------------------------------------------------------------------------------------------

    def apply_to(self, applier: Callable[[Values], None]) -> None:
        """Have `applier` told of all tuned values, now and whenever they change; it must not raise nor wait."""
        self._appliers.append(applier)
        applier(self._values)

    @property
    def tunables(self) -> Mapping[str, Tunable]:
        """Every setting that may be tuned, by key."""
        return tunables(self._settings, (self._tools.get_tool(name) for name in self._tools.names))

    def tunable(self, key: str) -> Tunable:
        """One of them. Raises `NotFound`."""
        found = self.tunables.get(key)
        if found is None:
            raise NotFound(f"{key[:100]!r} can't be tuned", where="tuning", todo="See tuning list.")
        return found

    def bounds(self, key: str) -> tuple[float, float] | None:
        """The least and the most it may be; None for what can't be tuned."""
        found = self.tunables.get(key)
        return None if found is None else (found.low, found.high)

    def value(self, key: str) -> float:
        """What is in force in this process. Raises `NotFound`."""
        return self._values.get(key, self.tunable(key).configured)

    async def settings(self) -> list[TunedSetting]:
        """Every setting that may be tuned, by key, with what is in force and why."""
        await self.refresh()
        rows = {row["key"]: row for row in await self._views.query(TuningView.name, limit=_MANY)}
        known = self.tunables
        found: list[TunedSetting] = []
        for key, each in sorted(known.items()):
            row = rows.get(key)
            told = TunedSetting(
                key, self._values.get(key, each.configured), each.configured, each.low, each.high, each.unit, each.about
            )
            if row is not None and row["value"] is not None:
                told = TunedSetting(
                    told.key, told.value, told.configured, told.low, told.high, told.unit, told.about,
                    tuned=key in self._values, by=row["tuned_by"], reason=row["reason"], improvement=row["improvement"],
                    at=row["tuned_at"], problem=self._problems.get(key, ""),
                )  # fmt: skip
            found.append(told)
        return found

    async def history(self, key: str) -> list[TunedChange]:
        """Every recorded change of a setting, oldest first. Raises `NotFound`."""
        recorded = await self._store.read(_stream(key))
        if not recorded:
            self.tunable(key)
        return [_change(entry, entry.event) for entry in recorded if isinstance(entry.event, SettingTuned)]

    async def refresh(self) -> None:
        """Take in what was tuned since, here or in another process."""
        async with self._lock:
            position = await self._news.look()
            if position is None:
                return
            values: dict[str, float] = {}
            problems: dict[str, str] = {}
            elsewhere: dict[str, float] = {}
            known = self.tunables
            for row in await self._views.query(TuningView.name, limit=_MANY):
                key, value = str(row["key"]), row["value"]
                if value is None:
                    continue
                if key not in known:
                    elsewhere[key] = value
                    continue
                problem = await self._problem(known[key], key, value, row["improvement"])
                if problem:
                    problems[key] = problem
                    if self._problems.get(key) != problem:
                        _log.warning("a tuned setting is not used: %s", problem)
                else:
                    values[key] = value
            self._problems, self.elsewhere = problems, elsewhere
            self._news.taken(position)
            if values != self._values:
                self._values = values
                for applier in self._appliers:
                    applier(values)

    async def _problem(self, tunable: Tunable, key: str, value: float, improvement: str | None) -> str:
        problem = tunable.problem_with(value)
        return problem if problem or improvement is None else await self._disallowed(key, value, improvement)

    async def _disallowed(self, key: str, value: float, improvement: str) -> str:
        """Why an improvement does not allow the value, or not any more; empty where it does."""
        try:
            state = fold_improvement(improvement, await self._store.read(improvement_stream(improvement)))
            allowed = state.status in _CARRIED_OUT and changes_of(state.known.implementation_plan.arguments)
        except (ImprovementError, StoreError, NotFound) as error:
            return f"{key}: {error}"
        if not allowed or allowed.get(key) != value:
            return f"{key}: the improvement {improvement} does not allow {value:g}"
        return ""

    # --- changing --------------------------------------------------------------------------------------------------

    async def set(self, key: str, value: float, *, by: str, reason: str = "") -> TunedSetting:
        """Have a setting hold this value from now on. Raises `NotFound`, and `ConfigurationError` beyond its bounds."""
        self.tunable(key).checked(value)
        return await self._append(key, value, by, reason)

    async def reset(self, key: str, *, by: str, reason: str = "") -> TunedSetting:
        """Have the configured value hold again. Raises `NotFound`."""
        self.tunable(key)
        return await self._append(key, None, by, reason)

    async def _append(self, key: str, value: float | None, by: str, reason: str) -> TunedSetting:
        if not by.strip():
            raise ConfigurationError("who tunes a setting is to be named", where="by")
        for attempt in range(_ATTEMPTS):
            version, now = await self._last(key)
            if (None if now is None else now.value) == value and (now is None or now.improvement is None):
                break
            try:
                await self._store.append([_tuned(key, value, version, now, by, reason, None)])
                break
            except StreamConflict:
                if attempt == _ATTEMPTS - 1:
                    raise
        await self.refresh()
        return next(each for each in await self.settings() if each.key == key)

    async def carrying_out(self, leave: ApprovedImprovement, *, by: str) -> Sequence[StreamAppend]:
        """What the plan of an approved improvement changes, to be appended with its assignment: nothing changes yet.

        The approval is read from the log here again. Raises `ImprovementError`, `ConfigurationError`, `NotFound`.
        """
        now = permit(leave.improvement_id, await self._store.read(improvement_stream(leave.improvement_id)))
        if now.plan != leave.plan or now.approval != leave.approval:
            raise ImprovementError("the plan is not the one that was approved", where=leave.improvement_id)
        appends: list[StreamAppend] = []
        for key, value in changes_of(now.plan.arguments).items():
            self.tunable(key).checked(value)
            version, last = await self._last(key)
            reason = f"improvement {now.improvement_id}, approved by {now.approved_by}"
            appends.append(_tuned(key, value, version, last, by, reason, now.improvement_id))
        return appends

    async def carried_out(self, improvement_id: str, keys: Sequence[str]) -> dict[str, float | None]:
        """Of these settings, those that an improvement tuned, with the value before (None: as configured)."""
        found: dict[str, float | None] = {}
        for key in keys:
            for entry in await self._store.read(_stream(key)):
                if isinstance(entry.event, SettingTuned) and entry.event.improvement == improvement_id:
                    found.setdefault(key, entry.event.before)
        return found

    async def taking_back(
        self, improvement_id: str, before: Mapping[str, float | None], *, by: str, reason: str
    ) -> Sequence[StreamAppend]:
        """What takes an improvement's changes back; a setting that was tuned again since then is left as it is.

        What holds then is what a person set before, or another improvement that still stands, in its name: never what
        was itself taken back meanwhile.
        """
        appends: list[StreamAppend] = []
        for key in before:
            recorded = await self._store.read(_stream(key))
            refuse_unreadable(recorded, "this setting is not tuned")
            tuned = [entry.event for entry in recorded if isinstance(entry.event, SettingTuned)]
            if not tuned or tuned[-1].improvement != improvement_id:
                continue
            value, whose = await self._standing_before(key, improvement_id, tuned)
            appends.append(_tuned(key, value, recorded[-1].version, tuned[-1], by, reason, whose))
        return appends

    async def _standing_before(
        self, key: str, improvement_id: str, tuned: Sequence[SettingTuned]
    ) -> tuple[float | None, str | None]:
        """The last value that is not this improvement's and still counts, and the improvement it is of, if any."""
        for event in reversed(tuned):
            if event.improvement is None:
                return event.value, None
            if event.improvement == improvement_id or event.value is None:
                continue
            if not await self._disallowed(key, event.value, event.improvement):
                return event.value, event.improvement
        return None, None

    async def _last(self, key: str) -> tuple[int, SettingTuned | None]:
        recorded = await self._store.read(_stream(key))
        refuse_unreadable(recorded, "this setting is not tuned")
        tuned = [entry.event for entry in recorded if isinstance(entry.event, SettingTuned)]
        return len(recorded) and recorded[-1].version, (tuned[-1] if tuned else None)

    # --- for the doctor --------------------------------------------------------------------------------------------

    async def probe(self) -> Reached:
        """What is tuned. Raises `ConfigurationError` where something that was tuned can't be used."""
        settings = await self.settings()
        if self._problems:
            raise ConfigurationError(
                "; ".join(self._problems.values()),
                where="tuning",
                todo="Take it back: agent-supervisor tuning reset " + next(iter(self._problems)),
            )
        told = [
            f"{each.key} = {each.value:g}{' ' + each.unit if each.unit else ''} ({each.improvement or each.by})"
            for each in settings
            if each.tuned
        ]
        told += [f"{key} = {value:g} (not known in this process)" for key, value in self.elsewhere.items()]
        return Reached(detail="; ".join(told) or "everything as configured")


def _stream(key: str) -> str:
    try:
        return stream_name("tuning", key)
    except StoreError:
        raise NotFound(f"{key[:100]!r} can't be tuned", where="tuning", todo="See tuning list.") from None


def _tuned(
    key: str,
    value: float | None,
    version: int,
    last: SettingTuned | None,
    by: str,
    reason: str,
    improvement: str | None,
) -> StreamAppend:
    before = None if last is None else last.value
    event = SettingTuned(key=key, value=value, before=before, by=by, reason=reason, improvement=improvement)
    return StreamAppend(_stream(key), [event], version)


def _change(entry: RecordedEvent, event: SettingTuned) -> TunedChange:
    return TunedChange(
        event.key, event.value, event.before, event.by, event.reason, event.improvement, entry.recorded_at,
        entry.position,
    )  # fmt: skip
