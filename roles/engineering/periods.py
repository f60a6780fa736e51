"""Days, months, quarters and years that callers name, as they are compared with parts of dates."""

from __future__ import annotations

import re

from common.errors import ValidationFailed
from roles.engineering.specification import Filter

__all__ = ["SHAPES", "period_of", "period_source"]

SHAPES = {"year": "2025", "quarter": "2025-Q1", "month": "2025-03", "day": "2025-03-15"}
"""What each part of a date looks like."""
_PATTERNS = {
    "year": r"(?P<said>\d{4})(?:-.*)?",
    "quarter": r"(?P<said>\d{4}-?\s?[qQ][1-4])",
    "month": r"(?P<said>\d{4}-\d{2})(?:-.*)?",
    "day": r"(?P<said>\d{4}-\d{2}-\d{2})(?:[T ].*)?",
}  # fmt: skip


def period_of(one: Filter, value: object) -> int | str:
    """What a filter's part of a date has to be. Raises `ValidationFailed` for a value of another shape."""
    part = one.part or "day"
    match = re.fullmatch(_PATTERNS[part], str(value).strip())
    if match is None:
        name = one.input or one.column
        raise ValidationFailed(f"{name} must be a {part} such as {SHAPES[part]}", where=f"{one.table}.{one.column}")
    if part == "year":
        return int(match["said"])
    return re.sub(r"-?\s?[qQ]", "-Q", match["said"])


def period_source(one: Filter, value: str) -> str:
    """The source of what a filter's part of a date is compared with; `value` is that of what was given."""
    if one.part == "year":
        return f"int(str({value})[:4])"
    if one.part == "quarter":
        return f"str({value}).upper()"
    return f"str({value})[:{7 if one.part == 'month' else 10}]"
