"""Waits before another try: within their bounds, random, and never less than the provider asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.settings import ModelSettings
from llm_provider.retries import read_retry_after, seconds_before_retry

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": "Mon, 16 Nov 2026 09:00:20 GMT"}, 20.0),
        ({"retry-after": "Mon, 16 Nov 2026 08:00:00 GMT"}, 0.0),
        ({"retry-after": "Mon, 16 Nov 2026 10:00:20 GMT", "date": "Mon, 16 Nov 2026 10:00:00 GMT"}, 20.0),
        ({"retry-after": "Monday, 16-Nov-26 09:00:05 GMT"}, 5.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": ""}, None),
    ],
)
def test_what_the_provider_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert read_retry_after(headers, NOW) == seconds


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text(max_size=40)))
def test_no_header_is_too_odd(headers: dict[str, str]) -> None:
    seconds = read_retry_after(headers, NOW)
    assert seconds is None or 0.0 <= seconds < float("inf")


@given(
    delay=st.floats(0.001, 10),
    longest=st.floats(0.001, 60),
    retries=st.integers(0, 10),
    attempt=st.integers(0, 12),
    asked=st.none() | st.floats(0, 100),
    share=st.floats(0, 1),
)
def test_waits_keep_within_their_bounds(
    delay: float, longest: float, retries: int, attempt: int, asked: float | None, share: float
) -> None:
    settings = ModelSettings(retry_delay=delay, retry_max_delay=longest, retries=retries)
    wait = seconds_before_retry(settings, attempt, asked, lambda low, high: low + share * (high - low))
    if attempt >= retries or (asked is not None and asked > longest):
        assert wait is None
        return
    assert wait is not None
    assert 0.0 <= wait <= longest
    if asked is not None:
        assert wait >= asked
    else:
        assert wait <= delay * 2**attempt


def test_the_delay_doubles_up_to_its_most() -> None:
    settings = ModelSettings(retry_delay=1.0, retry_max_delay=5.0, retries=5)
    assert [seconds_before_retry(settings, attempt, None, lambda _, high: high) for attempt in range(6)] == [
        1.0,
        2.0,
        4.0,
        5.0,
        5.0,
        None,
    ]
