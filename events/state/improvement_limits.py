"""What an improvement may hold: names, figures and texts, all of them bounded, so that no analyzer fills the log."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from common.errors import ImprovementError
from events.catalogue.improvement import Evidence, ImprovementSuggested

__all__ = ["PRIORITIES", "TYPES", "check_evidence", "check_figures", "check_note", "check_suggestion"]

TYPES = ("performance", "reliability", "cost", "prompt", "architecture", "resource", "scalability", "bug")
"""The types that this software suggests; an analyzer of one's own may use others."""
PRIORITIES = ("critical", "high", "medium", "low")
"""The most urgent first."""

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_MAX_NAME = 200
_MAX_TEXT = 4_000
_MAX_COMPONENTS = 50
_MAX_STEPS = 50
_MAX_BYTES = 32 * 1024
_MAX_GENERATION = 1_000_000


def check_suggestion(suggestion: ImprovementSuggested, improvement_id: str) -> None:
    """Raise `ImprovementError` that names what can't be."""
    plan = suggestion.implementation_plan
    _check(bool(_ID.fullmatch(improvement_id)), "the id is up to 64 small letters, digits and dashes", "id")
    _check(suggestion.improvement_id == improvement_id, "it is about another improvement", "id")
    _check(bool(_ID.fullmatch(suggestion.fingerprint)), "it is up to 64 small letters, digits, dashes", "fingerprint")
    _check(1 <= suggestion.generation <= _MAX_GENERATION, "it counts from 1", "generation")
    _check(bool(_NAME.fullmatch(suggestion.type)), "it is a word of small letters, such as performance", "type")
    _check(suggestion.priority in PRIORITIES, f"it is one of {', '.join(PRIORITIES)}", "priority")
    _check(math.isfinite(suggestion.confidence) and 0 <= suggestion.confidence <= 1, "it is 0 to 1", "confidence")
    _check_line(suggestion.title, "title")
    _check_line(suggestion.analyzer, "analyzer")
    _check_text(suggestion.description, "description")
    _check_text(suggestion.estimated_impact.text, "estimated_impact")
    components = suggestion.affected_components
    _check(0 < len(components) <= _MAX_COMPONENTS, f"there are 1 to {_MAX_COMPONENTS}", "affected_components")
    for component in components:
        _check_line(component, "affected_components")
    _check(len(plan.steps) <= _MAX_STEPS, f"there are at most {_MAX_STEPS} steps", "implementation_plan")
    for step in plan.steps:
        _check_text(step, "implementation_plan")
    _check_size(plan.model_dump(mode="json"), "implementation_plan")
    check_evidence(suggestion.evidence)


def check_evidence(evidence: Evidence) -> None:
    """Raise `ImprovementError` for an evidence that is too long."""
    _check_text(evidence.text, "evidence")
    _check_size(evidence.figures, "evidence")


def check_note(by: str, text: str = "", *, needed: bool = False) -> None:
    """Raise `ImprovementError` where nobody is named, or too much is said, or nothing where something is `needed`."""
    _check(bool(by.strip()) and len(by) <= _MAX_NAME, f"a name of up to {_MAX_NAME} characters is needed", "by")
    _check_text(text, "comment", may_be_empty=not needed)


def check_figures(text: str, before: object, after: object, undo: object) -> None:
    """Raise `ImprovementError` where more is told of a change than the log is to hold."""
    _check_text(text, "text", may_be_empty=True)
    for name, value in (("before", before), ("after", after), ("undo", undo)):
        _check_size(value, name)


def _check_line(text: str, where: str) -> None:
    _check(0 < len(text) <= _MAX_NAME and text.isprintable() and bool(text.strip()), "it is one line of text", where)


def _check_text(text: str, where: str, *, may_be_empty: bool = False) -> None:
    _check(may_be_empty or bool(text.strip()), "it is empty", where)
    _check(len(text) <= _MAX_TEXT, f"it has more than {_MAX_TEXT} characters", where)


def _check_size(value: Any, where: str) -> None:
    _check(len(json.dumps(value)) <= _MAX_BYTES, f"it has more than {_MAX_BYTES // 1024} KiB as JSON", where)


def _check(holds: bool, problem: str, where: str) -> None:
    if not holds:
        raise ImprovementError(f"this improvement can't be used: {problem}", where=where)
