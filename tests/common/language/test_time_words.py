"""Words of time as people mean them, against fixed clocks in three time zones."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from common.language.time_words import find_spans, read_duration, read_range, read_when
from tests.common.language.time_cases import LENGTHS, NO_TIME, RANGES, WHEN, ZURICH


def local(text: str, now: datetime) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=now.tzinfo)


@pytest.mark.parametrize(("now", "words", "start", "timed"), WHEN, ids=[f"{c[0].tzinfo}: {c[1]}" for c in WHEN])
def test_reads_the_moment_that_is_meant(now: datetime, words: str, start: str, timed: bool) -> None:
    moment = read_when(words, now)
    assert moment is not None
    assert (moment.start, moment.has_time) == (local(start, now), timed)
    assert moment.start.tzinfo is now.tzinfo


@pytest.mark.parametrize(("words", "seconds"), LENGTHS)
def test_reads_lengths(words: str, seconds: float) -> None:
    assert read_duration(words) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("now", "words", "start", "end"), RANGES, ids=[c[1] for c in RANGES])
def test_reads_ranges(now: datetime, words: str, start: str, end: str) -> None:
    assert read_range(words, now) == (local(start, now), local(end, now))


@pytest.mark.parametrize("words", NO_TIME)
def test_other_words_are_no_time(words: str) -> None:
    assert read_when(words, ZURICH) is None
    assert find_spans(words) == []
