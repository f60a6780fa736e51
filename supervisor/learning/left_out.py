"""What of the traces could not be used, and why, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from supervisor.learning.patterns import Counts
from supervisor.learning.trace_collector import CollectionCounts

__all__ = ["left_out"]


def left_out(read: CollectionCounts, by_type: Iterable[Counts], unended: int = 0) -> str:
    """One sentence with a number for each reason; "" where all could be used as it was.

    `unended` are requests that began and have no end in the log.
    """
    counts = list(by_type)
    found = [
        (unended, "has not ended", "have not ended"),
        (sum(each.unknown for each in counts), "does not say yet how it went", "do not say yet how they went"),
        (sum(each.empty for each in counts), "has no steps", "have no steps"),
        (sum(each.contradictory for each in counts), *["told of again with another outcome (the later one holds)"] * 2),
        (read.ended_twice, *["ended twice (the first end holds)"] * 2),
        (read.no_beginning, "has no beginning that can be read", "have no beginning that can be read"),
        (read.no_trace, "is known by a reported outcome only", "are known by a reported outcome only"),
        (read.erased, "event was erased", "events were erased"),
        (read.unknown, "event can't be read", "events can't be read"),
        (read.left_out, "step was too many for its trace", "steps were too many for their traces"),
    ]
    told = [f"{count:,} {one if count == 1 else many}" for count, one, many in found if count]
    return f"Of the traces, {'; '.join(told)}." if told else ""
