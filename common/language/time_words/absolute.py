"""Dates in other writings, such as "3. Dezember 2026", read by dateparser, which is imported only when one is met."""

from __future__ import annotations

import re
import warnings
from datetime import datetime

__all__ = ["find_absolute", "read_absolute"]

_MONTHS = (
    "januar|jänner|februar|märz|maerz|mai|juni|juli|oktober|dezember|janvier|février|fevrier|mars|avril|juin|juillet|"
    "août|aout|septembre|octobre|novembre|décembre|decembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|"
    "septiembre|octubre|noviembre|diciembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre"
)
_SPAN = re.compile(rf"\b\d{{1,2}}(?:\.|º|er)?\s(?:de\s)?(?:{_MONTHS})\b(?:\s(?:de\s)?\d{{4}}\b)?", re.IGNORECASE)
_LANGUAGES = ["de", "fr", "es", "it", "en"]


def find_absolute(text: str) -> re.Match[str] | None:
    """The first date in a writing that the grammar of this package does not know."""
    return _SPAN.search(text)


def read_absolute(span: str, now: datetime, order: str) -> datetime | None:
    """The midnight that starts the day which `span` names, in the zone of `now`; None where it names none."""
    import dateparser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = dateparser.parse(
            span,
            languages=_LANGUAGES,
            settings={
                "RELATIVE_BASE": now.replace(tzinfo=None),
                "PREFER_DATES_FROM": "future",
                "DATE_ORDER": order,
                "STRICT_PARSING": False,
            },
        )
    if found is None:
        return None
    return found.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=now.tzinfo)
