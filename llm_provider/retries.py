"""When a failed model call is tried again: waits with full jitter, or as the provider asked."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from common.model_settings import ModelSettings

__all__ = ["read_retry_after", "seconds_before_retry"]


def read_retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that ``Retry-After`` (seconds or an HTTP date) or ``retry-after-ms`` asks for; None where neither does.

    `headers` have lower-case names. A date is compared with the server's own ``Date``, else with `now`.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1_000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    moment = _date(text)
    if moment is None:
        return None
    sent = _date(headers.get("date", "")) or now or datetime.now(UTC)
    return max(0.0, (moment - sent).total_seconds())


def seconds_before_retry(
    settings: ModelSettings,
    attempt: int,
    retry_after: float | None,
    jitter: Callable[[float, float], float] = random.uniform,
) -> float | None:
    """How long to wait after the failed attempt number `attempt` (from 0); None for not to try again.

    The wait is random between 0 and the doubled delay; where the provider named one, at least that. One beyond
    `settings.retry_max_delay` is not waited for.
    """
    if attempt >= settings.retries:
        return None
    if retry_after is None:
        return jitter(0.0, min(settings.retry_max_delay, settings.retry_delay * 2**attempt))
    if retry_after > settings.retry_max_delay:
        return None
    return min(settings.retry_max_delay, retry_after + jitter(0.0, settings.retry_delay))


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and 0.0 <= value < float("inf") else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
