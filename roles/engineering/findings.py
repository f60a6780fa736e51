"""What validation found in a piece of code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.errors import ValidationFailed

__all__ = ["Finding", "refuse"]

_SHOWN = 5


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong: in which file and line (from 1; 0: the whole file), by which rule, and what to do."""

    file: str
    line: int
    rule: str
    what: str
    todo: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.what}{f' {self.todo}' if self.todo else ''}"


def refuse(findings: Sequence[Finding]) -> None:
    """Raise `ValidationFailed` with the first findings, where there are any."""
    if not findings:
        return
    shown = "; ".join(str(finding) for finding in findings[:_SHOWN])
    more = f"; and {len(findings) - _SHOWN} more" if len(findings) > _SHOWN else ""
    first = findings[0]
    raise ValidationFailed(f"the code was refused: {shown}{more}", where=f"{first.file}:{first.line}", todo=first.todo)
