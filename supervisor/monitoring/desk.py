"""The part of `supervisor.monitoring` where improvements are read, and people decide on them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from events.catalogue.improvement import (
    ImprovementApproved,
    ImprovementCompleted,
    ImprovementFailed,
    ImprovementRejected,
)
from supervisor.commands.improvements import ImprovementCommands
from supervisor.monitoring.models import ImprovementPage, ImprovementRecord, ImprovementStep
from supervisor.monitoring.queries import find_improvement, improvement_page, improvement_steps
from supervisor.monitoring.sampler import SamplerParts

__all__ = ["ImprovementDesk"]


class ImprovementDesk:
    """Improvements of one log. Every method raises `StoreError` where the log can't be read, too."""

    def __init__(self, parts: SamplerParts, improvements: ImprovementCommands) -> None:
        self._parts = parts
        self.improvements = improvements
        """What decides on improvements, for those who carry them out, too."""
        self.present: Callable[[], Collection[str]] = frozenset
        """The names of the specialists that go on with what is assigned to them."""

    async def get_improvements(
        self, status: str | None = None, page: int = 1, *, page_size: int = 50
    ) -> ImprovementPage:
        """A page of the improvements, newest first; of one status, if any. Raises `ConfigurationError`."""
        await self._parts.book.refresh()
        return await improvement_page(self._parts.views, status, page, page_size, self._parts.book.counts())

    async def get_improvement(self, improvement_id: str) -> ImprovementRecord:
        """One improvement. Raises `NotFound`."""
        return await find_improvement(self._parts.views, improvement_id)

    async def improvement_history(self, improvement_id: str) -> list[ImprovementStep]:
        """How an improvement came to be what it is, oldest first. Raises `NotFound`."""
        return await improvement_steps(self._parts.store, improvement_id)

    async def approve(
        self, improvement_id: str, *, by: str, comment: str = "", plan_hash: str | None = None
    ) -> ImprovementApproved:
        """Allow its plan to be carried out, in the name of the person `by`.

        With `plan_hash` (of the record that was looked at) only if it is that plan. Raises `NotFound`, and
        `ImprovementError` for one that is not pending.
        """
        approved = await self.improvements.approve(improvement_id, by=by, comment=comment, plan_hash=plan_hash)
        await self._parts.book.refresh()
        return approved

    async def reject(self, improvement_id: str, *, by: str, comment: str = "") -> ImprovementRejected:
        """Decide against it. Raises `NotFound`, and `ImprovementError` for one that is not pending."""
        rejected = await self.improvements.reject(improvement_id, by=by, reason=comment)
        await self._parts.book.refresh()
        return rejected

    async def done_by_hand(
        self, improvement_id: str, *, by: str, note: str
    ) -> ImprovementCompleted | ImprovementFailed:
        """The person `by` carried out what is approved, as `note` tells: it is completed, and nobody else takes it up.

        One that is assigned to a specialist that is gone is ended so, too. Raises `NotFound`, and `ImprovementError`
        for one that is not approved (any more), or without a note.
        """
        return await self._by_hand(improvement_id, by, note, done=True)

    async def failed_by_hand(
        self, improvement_id: str, *, by: str, note: str
    ) -> ImprovementCompleted | ImprovementFailed:
        """The person `by` found that what is approved can't be done, or does not help; `note` says why.

        Raises like `done_by_hand`.
        """
        return await self._by_hand(improvement_id, by, note, done=False)

    async def _by_hand(
        self, improvement_id: str, by: str, note: str, *, done: bool
    ) -> ImprovementCompleted | ImprovementFailed:
        events = await self.improvements.by_hand(improvement_id, by=by, note=note, done=done, present=self.present())
        await self._parts.book.refresh()
        return events[-1]
