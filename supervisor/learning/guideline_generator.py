"""From patterns to guidelines: rules added, changed and removed one by one, each with the evidence it rests on.

`GuidelineGenerator.draft` is pure: what an analysis says and the rules that are in service give a draft, or none where
nothing is to change. A rule of its own that nobody has altered may be changed or removed; every other one is a
person's and stays. What is proposed is a reason for a trial, no proof.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from pydantic import JsonValue

from common.errors import SupervisorError
from common.rule_writing import RuleBrief, RuleWriter, accept
from events.catalogue.guideline import GuidelineProposed, GuidelineRule, RuleChange
from events.state.guideline_rules import MAX_CHARS, MAX_RULES, diff_rules, is_machine_readable
from supervisor.learning.candidates import measure_of
from supervisor.learning.patterns import Analysis, Pattern
from supervisor.learning.rule_conflicts import Claims, claim_of_behaviour, claim_of_text
from supervisor.learning.rule_texts import rule_text

__all__ = [
    "GENERATOR",
    "MAX_LEARNED",
    "REMOVAL",
    "Draft",
    "GuidelineGenerator",
    "improve_wording",
    "is_learned",
    "refused_rules",
]

GENERATOR = "pattern analysis"
"""The origin of rules that were made here."""
MAX_LEARNED = 20
"""Rules of one guideline that are made here."""
REMOVAL = "removal of "
"""Before the id of a rule among what was refused: that it is taken out."""

_PREFIX = "learned."
_MAX_IDS = 8
_MAX_NOTES = 20
_GROWN = 2
_ID = re.compile(r"[A-Za-z0-9_.:#/\-]{1,80}")
_EVIDENCE = re.compile(r"pattern ([0-9a-f]{16}): .*, ([0-9]{1,9}) traces, text ([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be proposed.

    rules: all of the guideline. patterns: ids of the patterns behind the rules made here. evidence: for each of these
    what it rests on, for what was removed and left out why. reason: in a sentence. base: the rules that it changes.
    """

    rules: tuple[GuidelineRule, ...]
    patterns: tuple[str, ...]
    evidence: JsonValue
    reason: str
    agent_type: str = ""
    base: tuple[GuidelineRule, ...] = ()

    @property
    def changes(self) -> list[RuleChange]:
        """What leads from the base to the rules."""
        return diff_rules(self.base, self.rules)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A rule that a pattern gives."""

    id: str
    text: str
    formal: bool
    pattern: Pattern

    def made(self, traces: int) -> GuidelineRule:
        return GuidelineRule(
            id=self.id, text=self.text, origin=GENERATOR, evidence=_evidence_line(self.pattern, traces, self.text)
        )


@dataclass(slots=True)
class _Work:
    """A draft in the making."""

    agent_type: str
    analysis: Analysis
    rejected: frozenset[str]
    kept: list[GuidelineRule] = field(default_factory=list[GuidelineRule])
    behind: dict[str, _Candidate] = field(default_factory=dict[str, _Candidate])
    removed: list[tuple[GuidelineRule, str]] = field(default_factory=list[tuple[GuidelineRule, str]])
    notes: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    claims: Claims = field(default_factory=Claims)

    def keep(self, rule: GuidelineRule, candidate: _Candidate | None) -> None:
        self.kept.append(rule)
        self.claims.add(claim_of_text(rule.text))
        if candidate is not None:
            self.behind[rule.id] = candidate
            self.claims.add(claim_of_behaviour(candidate.pattern.key, candidate.pattern.effect))

    def against(self, candidate: _Candidate) -> str:
        """Why the rule can't stand beside those that are kept; "" where it can."""
        if any(rule.text == candidate.text for rule in self.kept):
            return "a rule says so already"
        claim = claim_of_behaviour(candidate.pattern.key, candidate.pattern.effect)
        return self.claims.against(claim_of_text(candidate.text)) or self.claims.against(claim)

    def is_rejected(self, candidate: _Candidate) -> bool:
        pattern = candidate.pattern
        names = {candidate.id, candidate.text, pattern.id, pattern.description, pattern.rule}
        return bool((names - {""}) & self.rejected)


class GuidelineGenerator:
    """Drafts guidelines. `most` bounds the rules that are made here; those that are there already come first, then
    the surest."""

    def __init__(self, *, most: int = MAX_LEARNED) -> None:
        self._most = most

    def draft(
        self,
        agent_type: str,
        analysis: Analysis,
        current: Sequence[GuidelineRule],
        *,
        rejected: Collection[str] = (),
    ) -> Draft | None:
        """What the patterns would change of the current rules; None for nothing.

        A rule made here goes when its pattern is no longer among the accepted ones or its sign has turned, unless the
        analysis saw fewer traces than the rule was made from; it is changed when another bound on the same measure is
        what is now accepted. What contradicts a person's rule, or a rule that is there or surer, is left out.
        `rejected` are ids or texts of rules, or ids of patterns, that are not to be proposed (see `refused_rules`).
        """
        work = _Work(agent_type, analysis, frozenset(rejected))
        candidates = self._candidates(work, current)
        for rule in current:
            if not is_learned(rule):
                work.keep(rule, None)
        for rule in current:
            if is_learned(rule):
                self._review(work, rule, candidates)
        self._add(work, candidates, current)
        places = {rule.id: place for place, rule in enumerate(current)}
        rules = tuple(sorted(work.kept, key=lambda rule: places.get(rule.id, len(places))))
        draft = Draft(
            rules=rules,
            patterns=tuple(candidate.pattern.id for candidate in work.behind.values()),
            evidence=_evidence(work, current),
            reason="",
            agent_type=agent_type,
            base=tuple(current),
        )
        changes = draft.changes
        return replace(draft, reason=_reason(changes, analysis)) if changes else None

    def _candidates(self, work: _Work, current: Sequence[GuidelineRule]) -> dict[str, _Candidate]:
        """The rules that the patterns give, the surest first; of several bounds the one in force, else the surest."""
        held = {rule.id: _pattern_of(rule) for rule in current if is_learned(rule)}
        found: dict[str, _Candidate] = {}
        for pattern in sorted(work.analysis.patterns, key=lambda pattern: (-pattern.confidence, pattern.id)):
            text, formal = rule_text(pattern)
            candidate = _Candidate(_rule_id(work.agent_type, pattern), text, formal, pattern)
            if not text or len(text) > MAX_CHARS:
                work.notes.append((pattern.id, "no rule says it"))
            elif candidate.id not in found or held.get(candidate.id) == pattern.id:
                found[candidate.id] = candidate
        return found

    def _review(self, work: _Work, rule: GuidelineRule, candidates: dict[str, _Candidate]) -> None:
        """What becomes of a rule that was made here."""
        candidate = candidates.get(rule.id)
        if candidate is None:
            if work.analysis.counts.traces < _traces_of(rule):
                work.keep(rule, None)
                work.notes.append((rule.id, "kept: there are fewer traces now than it was made from"))
            elif REMOVAL + rule.id in work.rejected:
                work.keep(rule, None)
                work.notes.append((rule.id, "kept: its removal was rejected"))
            else:
                turned = _turned(rule.id) in candidates
                work.removed.append((rule, "the sign has turned" if turned else "its pattern no longer holds"))
        elif reason := work.against(candidate):
            work.removed.append((rule, reason))
        elif _still_says(rule, candidate) or work.is_rejected(candidate):
            work.keep(rule, candidate)
        else:
            work.keep(candidate.made(work.analysis.counts.traces), candidate)

    def _add(self, work: _Work, candidates: dict[str, _Candidate], current: Sequence[GuidelineRule]) -> None:
        """Take in new rules, the surest first, as far as there is room."""
        known = {rule.id for rule in current}
        room = min(self._most - sum(map(is_learned, work.kept)), MAX_RULES - len(work.kept))
        for candidate in candidates.values():
            if candidate.id in known:
                continue
            reason = work.against(candidate)
            if work.is_rejected(candidate):
                reason = "it was rejected on no less evidence"
            elif not reason and room <= 0:
                reason = "there are enough rules that are surer"
            if reason:
                work.notes.append((candidate.pattern.id, reason))
                continue
            room -= 1
            work.keep(candidate.made(work.analysis.counts.traces), candidate)


def is_learned(rule: GuidelineRule) -> bool:
    """Whether a rule was made here and its text has not been altered since by anybody else."""
    found = _EVIDENCE.fullmatch(rule.evidence)
    ours = rule.origin == GENERATOR and rule.id.startswith(_PREFIX)
    return ours and found is not None and found[3] == _digest(rule.text)


def refused_rules(
    proposals: Iterable[GuidelineProposed], *, rejected: Collection[str], activated: Collection[str], traces: int
) -> frozenset[str]:
    """What `GuidelineGenerator.draft` is to leave alone, given the proposals of an agent type, oldest first.

    rejected: versions that a trial or a person rejected, or that were rolled back: what they changed is not proposed
    again until there are twice the traces (`traces`: how many there are now). activated: versions that were in
    service: a rule made here that a person took out by one of these does not come back.
    """
    found: set[str] = set()
    for proposal in proposals:
        judged = _judged(proposal.evidence)
        changed = {change.rule for change in proposal.diff if change.rule.startswith(_PREFIX)}
        gone = {change.rule for change in proposal.diff if change.kind == "removed"} & changed
        if proposal.version in rejected and judged is not None and traces < _GROWN * max(judged, 1):
            found |= (changed - gone) | {REMOVAL + rule for rule in gone}
        elif proposal.version in activated and judged is None:
            found = (found | gone) - {rule for rule in changed if rule not in gone}
    return frozenset(found)


async def improve_wording(draft: Draft, engineer: RuleWriter) -> Draft:
    """The draft in the words of an engineer; rules keep their text by template where these can't be taken.

    Only sentences that the draft adds or changes are worded; rules that software obeys, and rules that are there
    already, are not touched. Why a wording was refused, or why there is none, stands in the evidence.
    """
    fresh = {change.rule for change in draft.changes if change.kind != "removed"}
    briefs = [
        RuleBrief(rule.id, rule.text, _figures(rule))
        for rule in draft.rules
        if rule.id in fresh and is_learned(rule) and not is_machine_readable(rule.text)
    ]
    if not briefs:
        return draft
    try:
        worded = accept(briefs, await engineer.word(draft.agent_type, briefs))
    except Exception as error:  # a writer's own fault leaves the draft as it is
        said = str(error) if isinstance(error, SupervisorError) else type(error).__name__
        return replace(draft, evidence=_with_wording(draft.evidence, {}, {"": said[:300]}))
    others = {rule.text for rule in draft.rules}
    texts = {name: text for name, text in worded.texts.items() if text not in others}
    rules = tuple(_reworded(rule, texts[rule.id]) if rule.id in texts else rule for rule in draft.rules)
    if len({rule.text for rule in rules}) < len(rules):
        texts, rules = {}, draft.rules
        worded.refused[""] = "two rules would have the same words"
    return replace(draft, rules=rules, evidence=_with_wording(draft.evidence, texts, worded.refused))


def _reworded(rule: GuidelineRule, text: str) -> GuidelineRule:
    head = rule.evidence.rpartition(" ")[0]
    return rule.model_copy(update={"text": text, "evidence": f"{head} {_digest(text)}"})


def _rule_id(agent_type: str, pattern: Pattern) -> str:
    """The same for every bound on one measure, another one for the other sign."""
    subject = repr((agent_type, measure_of(pattern.key) or pattern.key))
    digest = hashlib.blake2b(subject.encode("utf-8", "replace"), digest_size=6).hexdigest()
    return f"{_PREFIX}{digest}.{'more' if pattern.effect > 0 else 'less'}"


def _turned(rule_id: str) -> str:
    head, _, sign = rule_id.rpartition(".")
    return f"{head}.{'less' if sign == 'more' else 'more'}"


def _still_says(rule: GuidelineRule, candidate: _Candidate) -> bool:
    """Whether the rule rests on the same pattern; a sentence may be worded by others, a rule of the grammar may not."""
    same = _pattern_of(rule) == candidate.pattern.id
    return same and (rule.text == candidate.text if candidate.formal else not is_machine_readable(rule.text))


def _pattern_of(rule: GuidelineRule) -> str:
    found = _EVIDENCE.fullmatch(rule.evidence)
    return found[1] if found else ""


def _traces_of(rule: GuidelineRule) -> int:
    found = _EVIDENCE.fullmatch(rule.evidence)
    return int(found[2]) if found else 0


def _evidence_line(pattern: Pattern, traces: int, text: str) -> str:
    held = round(pattern.held_out.found * pattern.held_out.same_sign)
    return (
        f"pattern {pattern.id}: {pattern.effect:+.2f} [{pattern.low:+.2f}, {pattern.high:+.2f}], "
        f"confidence {pattern.confidence:.2f}, held out {held} of {pattern.held_out.found}, "
        f"{traces} traces, text {_digest(text)}"
    )


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=4).hexdigest()


def _evidence(work: _Work, current: Sequence[GuidelineRule]) -> JsonValue:
    known = {rule.id: rule.text for rule in current}
    counts = work.analysis.counts
    rules = [
        _evidence_of(rule, work.behind[rule.id].pattern, new=known.get(rule.id) != rule.text)
        for rule in work.kept
        if rule.id in work.behind
    ]
    return {
        "traces": counts.traces,
        "tasks": counts.tasks,
        "agents": counts.agents,
        "successes": counts.successes,
        "tested": counts.tested,
        "notes": list(work.analysis.notes),
        "rules": cast("JsonValue", rules),
        "removed": [{"rule": rule.id, "text": rule.text, "reason": reason} for rule, reason in work.removed],
        "left_out": [{"of": name, "reason": reason} for name, reason in work.notes[:_MAX_NOTES]],
    }


def _evidence_of(rule: GuidelineRule, pattern: Pattern, *, new: bool) -> dict[str, Any]:
    held = pattern.held_out
    return {
        "rule": rule.id,
        "new": new,
        "pattern": pattern.id,
        "kind": pattern.kind,
        "description": pattern.description[:300],
        "support": pattern.support,
        "compared": pattern.compared,
        "effect": round(pattern.effect, 4),
        "interval": [round(pattern.low, 4), round(pattern.high, 4)],
        "confidence": round(pattern.confidence, 4),
        "q": float(f"{pattern.q:.3g}"),
        "replication": round(pattern.replication, 4),
        "held_out": {
            "splits": held.splits,
            "found": held.found,
            "same_sign": round(held.same_sign, 4),
            "significant": round(held.significant, 4),
        },
        "strata": pattern.strata[:200],
        "caution": pattern.caution[:150],
        "trace_ids": [name for name in pattern.trace_ids[:_MAX_IDS] if _ID.fullmatch(name)],
    }


def _reason(changes: Sequence[RuleChange], analysis: Analysis) -> str:
    counts = {kind: sum(change.kind == kind for change in changes) for kind in ("added", "changed", "removed")}
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    return f"Rules: {said}, by the patterns in {analysis.counts.traces} traces."


def _judged(evidence: JsonValue) -> int | None:
    """The number of traces behind a proposal of this module; None for another's."""
    if not isinstance(evidence, dict) or not {"traces", "rules", "removed"} <= evidence.keys():
        return None
    traces = evidence["traces"]
    return traces if isinstance(traces, int) else None


def _figures(rule: GuidelineRule) -> str:
    """The difference in success rate and its confidence, from the rule's evidence."""
    return rule.evidence.partition(": ")[2].partition(", held out")[0]


def _with_wording(evidence: JsonValue, texts: dict[str, str], refused: dict[str, str]) -> JsonValue:
    kept = dict(evidence) if isinstance(evidence, dict) else {}
    shown = dict(list(refused.items())[:_MAX_NOTES])
    return {**kept, "wording": {"taken": cast("JsonValue", sorted(texts)), "refused": cast("JsonValue", shown)}}
