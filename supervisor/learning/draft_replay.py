"""What replay lets through of a draft: the changes that break recorded successes are found one by one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from events.catalogue.guideline import GuidelineRule, RuleChange
from events.state.guideline_rules import diff_rules, is_machine_readable

__all__ = ["Broken", "CheckRules", "apply_changes", "evidence_about", "find_broken"]

CheckRules = Callable[[Sequence[GuidelineRule]], Awaitable[tuple[str, JsonValue]]]
"""Replays recorded requests under rules; what speaks against them ("" for nothing), and what was found."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Changes that must not be proposed: their rules put into the place of the current ones, and why."""

    changes: tuple[RuleChange, ...]
    rules: tuple[GuidelineRule, ...]
    problem: str
    found: JsonValue


async def find_broken(
    current: Sequence[GuidelineRule],
    drafted: Sequence[GuidelineRule],
    problem: str,
    found: JsonValue,
    check: CheckRules,
) -> Broken:
    """Which changes of a draft are to blame for the problem that it was found to have.

    Only rules of the grammar can be: nothing else is obeyed where replay is deterministic. Each is tried on top of
    those that went well before it, in the order of the draft, so a draft of n such changes takes at most n replays.
    Where none breaks anything by itself, all are to blame.
    """
    changes = diff_rules(current, drafted)
    suspects = [change for change in changes if _is_obeyed(change)]
    blamed = Broken(tuple(suspects or changes), (), problem, found)
    if len(suspects) > 1:
        good = [change for change in changes if change not in suspects]
        bad: list[RuleChange] = []
        for change in suspects:
            said, told = await check(apply_changes(current, drafted, [*good, change]))
            if said:
                bad.append(change)
                blamed = replace(blamed, changes=tuple(bad), problem=said, found=told)
            else:
                good.append(change)
    return replace(blamed, rules=apply_changes(current, drafted, blamed.changes))


def apply_changes(
    current: Sequence[GuidelineRule], drafted: Sequence[GuidelineRule], changes: Sequence[RuleChange]
) -> tuple[GuidelineRule, ...]:
    """The current rules with these changes of a draft."""
    new = {rule.id: rule for rule in drafted}
    kinds = {change.rule: change.kind for change in changes}
    kept = [
        new[rule.id] if kinds.get(rule.id) == "changed" else rule for rule in current if kinds.get(rule.id) != "removed"
    ]
    return (*kept, *(rule for rule in drafted if kinds.get(rule.id) == "added"))


def evidence_about(evidence: JsonValue, broken: Broken) -> JsonValue:
    """A draft's evidence as far as it is about the changes to blame, with what replay found."""
    if not isinstance(evidence, dict):
        return {"replay": broken.found}
    names = {change.rule for change in broken.changes}
    about: dict[str, JsonValue] = {
        key: [each for each in entries if isinstance(each, dict) and each.get("rule") in names]
        for key in ("rules", "removed")
        if isinstance(entries := evidence.get(key), list)
    }
    return {**evidence, **about, "left_out": [], "replay": broken.found}


def _is_obeyed(change: RuleChange) -> bool:
    return any(is_machine_readable(text) for text in (change.before, change.after) if text)
