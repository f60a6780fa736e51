"""What a guideline's rules may be, how two sets of them differ, and which number a change is worth.

Versions are `MAJOR.MINOR.PATCH`. A rule that is gone raises MAJOR (something that held no longer does), else one that
is new raises MINOR, else one with another text raises PATCH. The first version of an agent type is 1.0.0.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from typing import cast

from common.errors import GuidelineError
from common.language.rules import parse_rules
from events.catalogue.guideline import GuidelineRule, RuleChange

__all__ = [
    "MAX_CHARS",
    "MAX_RULES",
    "checked_rules",
    "diff_rules",
    "is_machine_readable",
    "name_rules",
    "next_version",
    "read_version",
]

MAX_RULES = 100
MAX_CHARS = 300
"""Characters of one rule."""
_MAX_NOTE = 200
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,63}")
_VERSION = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")
_FIRST = (1, 0, 0)


def checked_rules(rules: Sequence[GuidelineRule]) -> tuple[GuidelineRule, ...]:
    """The rules, if a guideline may have them: one line of plain text each, bounded, no two of one id or text.

    Raises `GuidelineError` that names the rule. Rules reach prompts, so nothing that hides or breaks a line gets in.
    """
    if len(rules) > MAX_RULES:
        raise GuidelineError(f"{len(rules)} rules are more than the {MAX_RULES} a guideline may have", where="rules")
    ids: set[str] = set()
    texts: set[str] = set()
    for number, rule in enumerate(rules, 1):
        where = f"rule {number}"
        if not _ID.fullmatch(rule.id):
            raise GuidelineError(
                f"{rule.id[:80]!r} is no id of a rule",
                where=where,
                todo="Use up to 64 ASCII letters, digits, dots, dashes and underscores.",
            )
        _check_line(rule.text, MAX_CHARS, where)
        for note in (rule.origin, rule.evidence):
            if note:
                _check_line(note, _MAX_NOTE, where)
        if rule.id in ids or rule.text in texts:
            raise GuidelineError(f"two rules have the {'id' if rule.id in ids else 'text'} of this one", where=where)
        ids.add(rule.id)
        texts.add(rule.text)
    return tuple(rules)


def _check_line(text: str, limit: int, where: str) -> None:
    if not text or text != text.strip():
        raise GuidelineError("a rule's text is empty or has blanks around it", where=where)
    if len(text) > limit:
        raise GuidelineError(f"{len(text)} characters are more than the {limit} there may be", where=where)
    bad = next((character for character in text if not character.isprintable()), None)
    if bad is not None:
        raise GuidelineError(
            f"the character U+{ord(bad):04X} can't stand in a rule",
            where=where,
            todo="A rule is one line of visible characters and plain spaces.",
        )


def name_rules(
    rules: Iterable[GuidelineRule | str], base: Sequence[GuidelineRule] = (), origin: str = ""
) -> list[GuidelineRule]:
    """Texts as rules: one that the base has keeps its rule, a new one is named after its text."""
    known = {rule.text: rule for rule in base}
    taken = {rule.id for rule in base}

    def named(text: str) -> GuidelineRule:
        return known.get(text) or GuidelineRule(id=_new_id(text, taken), text=text, origin=origin)

    return [named(rule) if isinstance(rule, str) else rule for rule in rules]


def _new_id(text: str, taken: Collection[str]) -> str:
    """An id that the text gives, whoever proposes it; another one where a rule that was changed since has it."""
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    return next(name for size in range(12, 61) if (name := f"r{digest[:size]}") not in taken)


def is_machine_readable(text: str) -> bool:
    """Whether a rule's text is in the grammar of `common.language.rules`, which is obeyed without a language model."""
    return not parse_rules([text]).empty


def diff_rules(before: Sequence[GuidelineRule], after: Sequence[GuidelineRule]) -> list[RuleChange]:
    """What leads from some rules to others, by their ids; the order of rules counts for nothing."""
    old = {rule.id: rule.text for rule in before}
    new = {rule.id: rule.text for rule in after}
    removed = [RuleChange(kind="removed", rule=name, before=text) for name, text in old.items() if name not in new]
    changed = [
        RuleChange(kind="changed", rule=name, before=old[name], after=text)
        for name, text in new.items()
        if name in old and old[name] != text
    ]
    added = [RuleChange(kind="added", rule=name, after=text) for name, text in new.items() if name not in old]
    return removed + changed + added


def read_version(text: str) -> tuple[int, int, int]:
    """A version's numbers, which order versions. Raises `GuidelineError`."""
    found = _VERSION.fullmatch(text)
    if found is None:
        raise GuidelineError(
            f"{text[:80]!r} is no version", where="version", todo="A version is three numbers, such as 1.2.0."
        )
    return cast("tuple[int, int, int]", tuple(int(number) for number in found.groups()))


def next_version(highest: str | None, diff: Sequence[RuleChange]) -> str:
    """The lowest version that a proposal with this diff may have, above the highest that was ever given out."""
    if highest is None:
        numbers = _FIRST
    else:
        major, minor, patch = read_version(highest)
        kinds = {change.kind for change in diff}
        if "removed" in kinds:
            numbers = (major + 1, 0, 0)
        elif "added" in kinds:
            numbers = (major, minor + 1, 0)
        else:
            numbers = (major, minor, patch + 1)
    return ".".join(map(str, numbers))
