"""Places in code where something can be made better, and what changing them gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Allowance", "Changed", "Family", "Site"]


class Family(StrEnum):
    """What a strategy is about."""

    MEMORY = "memory"
    SPEED = "speed"
    LOGIC = "logic"


class Allowance(StrEnum):
    """How answers may differ after a change of ours; a change that anybody else wrote has no allowance."""

    NARROWER_ERROR = "narrower_error"
    """An error may be of a class below that of the original's error."""
    TRANSIENT_MENDED = "transient_mended"
    """An answer may be there where the original had a connection error or a time-out."""
    INVALID_REFUSED = "invalid_refused"
    """An error may be there for input that breaks the specification."""


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """One place: file, line (from 1), function (``<module>``: outside of functions), kind, and what is slow there.

    `refused` says why the place is left as it is; empty where it is changed.
    """

    file: str
    line: int
    function: str
    kind: str
    what: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """An agent's files after a strategy, and all places of its kind, the refused ones too."""

    files: Mapping[str, str]
    sites: tuple[Site, ...]

    @property
    def changed(self) -> tuple[Site, ...]:
        """The places that were changed."""
        return tuple(site for site in self.sites if not site.refused)
