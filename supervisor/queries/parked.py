"""Events that views could not take: found by position, tried again, given up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from common.errors import NotFound
from events.projection import ParkedEvent, Progress, Rebuilt, Views

__all__ = ["drop_parked", "parked_at", "retry_parked"]


async def parked_at(views: Views, positions: Collection[int] | None = None) -> list[ParkedEvent]:
    """The parked events at these positions, or all that were not dropped. Raises `NotFound` that names a position."""
    if positions is None:
        return await views.parked()
    parked = [entry for entry in await views.parked(dropped=True) if entry.position in positions]
    for position in positions:
        if position not in {entry.position for entry in parked}:
            raise NotFound(
                f"no event at position {position} is parked", where="parked", todo="List them with events parked."
            )
    return parked


async def retry_parked(
    views: Views,
    parked: Sequence[ParkedEvent],
    progress: Callable[[str], Progress | None] = lambda _: None,
) -> list[Rebuilt]:
    """Have views take parked events after all, now that they can.

    What a view holds depends on the order of events, so a view that left one out is built anew from the first one on.
    """
    names = dict.fromkeys(entry.view for entry in parked)
    return [await views.rebuild(name, progress(name), progress(f"{name}, once more")) for name in names]


async def drop_parked(views: Views, parked: Sequence[ParkedEvent], *, by: str = "", reason: str = "") -> int:
    """Have parked events listed no more; they stay out of their views. Returns how many were not dropped before."""
    kept = [entry for entry in parked if not entry.dropped]
    for entry in kept:
        await views.drop_parked(entry, by=by, reason=reason)
    return len(kept)
