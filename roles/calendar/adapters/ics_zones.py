"""Gives the time zones that a calendar defines itself names of their own, before icalendar sees them.

icalendar keeps zones of files under their name for the whole process: of two calendars that each define a zone "My
Office", the second would be read with the definition of the first. And it warns on names with a vendor's prefix.
"""

from __future__ import annotations

import hashlib
import re
from zoneinfo import ZoneInfo

from roles.calendar.adapters.ics_text import IcsText, property_name, value_start

__all__ = ["text_with_own_zones"]

_PARAMETER = re.compile(r';TZID=(?:"([^"]*)"|([^;:,"]*))', re.IGNORECASE)


def text_with_own_zones(text: IcsText) -> str:
    """The text, unfolded, with zones that only it knows named after their definition."""
    names = _defined(text)
    lines: list[str] = []
    for line in text.lines:
        start = value_start(line.text)
        head, value = (line.text[:start], line.text[start:]) if start > 0 else (line.text, "")
        if property_name(line.text) == "TZID":
            value = _named(value.strip(), names)
        elif "TZID=" in head.upper():
            head = _PARAMETER.sub(
                lambda match: f';TZID="{_named(match.group(1) or match.group(2) or "", names)}"', head
            )
        lines.append(head + value)
    return "\r\n".join(lines)


def _defined(text: IcsText) -> dict[str, str]:
    """Zones defined in the text and known to nobody else, with the names they get."""
    names: dict[str, str] = {}
    for block in text.blocks:
        tzid = block.value("TZID").strip()
        if block.name == "VTIMEZONE" and tzid and not _is_known(tzid):
            content = "\n".join(line.text for line in block.lines)
            names[tzid] = f"zone-{hashlib.sha256(content.encode()).hexdigest()[:24]}"
    return names


def _named(tzid: str, names: dict[str, str]) -> str:
    if tzid in names:
        return names[tzid]
    if _is_known(tzid):
        return tzid
    parts = tzid.strip("/").split("/")
    tails = ("/".join(parts[-size:]) for size in (3, 2) if len(parts) > size)
    return next((tail for tail in tails if _is_known(tail)), tzid)


def _is_known(tzid: str) -> bool:
    """Whether it is an IANA name, or one that Windows uses for one."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    if tzid in WINDOWS_TO_OLSON:
        return True
    try:
        ZoneInfo(tzid)
    except (KeyError, ValueError, OSError):
        return False
    return True
