"""One analysis: candidates, their effects, error control, held-out check, and what is accepted.

A candidate is accepted when, within strata,
- its tables hold enough to be judged (every expected count at least 5),
- its q (Benjamini–Yekutieli over all candidates tested) is at most the rate asked for,
- no agent by itself shows the opposite sign, nor do the strata turn the crude one,
- the halves of the tasks bear each other out (its sign on held-out tasks), and
- confidence and the expected probability of replication reach what is asked.
What says how the run ended, not how it was done, is left out by comparing only runs that ended alike: see
`Evidence.unended`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from supervisor.learning import error_control
from supervisor.learning.candidates import Key, family_kind, ground_of
from supervisor.learning.columns import Columns, columns_for, ground_rows, make_columns
from supervisor.learning.effects import Design, Effects, estimate, make_design, too_thin
from supervisor.learning.evidence import BUCKETS, Evidence
from supervisor.learning.held_out import check
from supervisor.learning.patterns import Analysis, AnalysisSettings, Counts, HeldOut, Pattern, Refusal, Weight
from supervisor.learning.tool_figures import ToolTally
from supervisor.learning.wording import describe, recommend, rule_for, rule_of_preference, rules_of_preference

__all__ = ["judge", "weigh"]

_HELD = 0.9
_REFUSALS = 40
_DETERMINES = 0.8


@dataclass(frozen=True, slots=True)
class _Tested:
    """One candidate with its place in a group's effects."""

    key: Key
    group: int
    place: int


def judge(
    agent_type: str, evidence: Evidence, tally: ToolTally, settings: AnalysisSettings, cancelled: Callable[[], bool]
) -> Analysis:
    """Judge all candidates of one agent type."""
    unended = np.array(evidence.unended())
    design = _design(evidence, unended)
    _stop(cancelled)
    columns = make_columns(evidence, least=settings.least, same=settings.same)
    _stop(cancelled)
    groups, every = _estimate_all(evidence, columns, design, settings)
    # Too thin is known from counts of behaviour and outcome apart, so leaving these out does not bias the rest.
    tested = [item for item in every if not too_thin(groups[item.group])[item.place]]
    _stop(cancelled)
    accepted, refused = _decide(agent_type, evidence, columns, groups, tested, unended, settings)
    tried = set(tested)
    refused += _thin(columns, groups, [item for item in every if item not in tried], unended)
    refused.sort(key=lambda refusal: (-abs(refusal.crude), refusal.description))
    counts = Counts(
        traces=len(evidence),
        successes=int(design.outcomes.sum()),
        tasks=len(evidence.task_buckets),
        agents=len(evidence.agent_names),
        unknown=evidence.unknown,
        repeated=evidence.repeated,
        contradictory=evidence.contradictory,
        empty=evidence.empty,
        unended=int(unended.sum()),
        candidates=columns.considered,
        tested=len(tested),
    )
    notes = _notes(design, counts)
    return Analysis(agent_type, counts, accepted, tuple(refused[:_REFUSALS]), tally.figures(), notes)


def weigh(evidence: Evidence, keys: Sequence[Key]) -> dict[Key, Weight]:
    """What other traces say of behaviours found elsewhere; keys that can't be compared here are left out."""
    found: dict[Key, Weight] = {}
    if not keys or not len(evidence):
        return found
    design = _design(evidence, np.array(evidence.unended()))
    columns = columns_for(evidence, keys)
    settings = AnalysisSettings(least=1)
    groups, tested = _estimate_all(evidence, columns, design, settings)
    for item in tested:
        effects, place = groups[item.group], item.place
        if np.isfinite(effects.error[place]):
            found[item.key] = Weight(
                support=int(effects.support[place]),
                effect=float(effects.difference[place]),
                z=float(effects.z[place]),
                p=float(effects.p[place]),
                crude=float(effects.crude[place]),
            )
    return found


def _stop(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise InterruptedError("the analysis was cancelled")


def _design(evidence: Evidence, unended: Any) -> Design:
    tasks = np.array(evidence.tasks, np.int32)
    buckets = np.array(evidence.task_buckets, np.int8)[tasks].astype(int)
    levels = 2 * np.array(evidence.levels, np.int32).astype(int) + unended
    outcomes = np.array(evidence.outcomes, np.int8).astype(float)
    return make_design(outcomes, tasks, levels, np.array(evidence.agents, np.int32), buckets)


def _estimate_all(
    evidence: Evidence, columns: Columns, design: Design, settings: AnalysisSettings
) -> tuple[list[Effects], list[_Tested]]:
    """Effects of all columns, those with a ground among the runs of their ground only."""
    by_ground: dict[Key | None, list[int]] = {}
    for place, key in enumerate(columns.keys):
        by_ground.setdefault(ground_of(key), []).append(place)
    groups: list[Effects] = []
    tested: list[_Tested] = []
    for ground, places in by_ground.items():
        matrix, part = columns.matrix[:, places], design
        if ground is not None:
            mask = ground_rows(evidence, ground)
            if mask.sum() < 2 * settings.least:
                continue
            matrix, part = matrix[np.flatnonzero(mask)], design.rows(mask)
        effects = estimate(matrix, part, BUCKETS)
        tested += [_Tested(columns.keys[place], len(groups), number) for number, place in enumerate(places)]
        groups.append(effects)
    return groups, tested


def _decide(
    agent_type: str,
    evidence: Evidence,
    columns: Columns,
    groups: list[Effects],
    tested: list[_Tested],
    unended: Any,
    settings: AnalysisSettings,
) -> tuple[tuple[Pattern, ...], list[Refusal]]:
    if not tested:
        return (), []
    q = error_control.adjusted(np.array([groups[item.group].p[item.place] for item in tested]))
    z = np.array([groups[item.group].z[item.place] for item in tested])
    error = np.array([groups[item.group].error[item.place] for item in tested])
    share = error_control.shrinkage(error)
    sure, again = error_control.confidence(z, share), error_control.replication(z, share)
    checks = [check(effects.bucket_sums, effects.bucket_squares) for effects in groups]
    found: list[Pattern] = []
    refused: list[Refusal] = []
    for number, item in enumerate(tested):
        effects, held = groups[item.group], checks[item.group][item.place]
        crude, support = float(effects.crude[item.place]), int(effects.support[item.place])
        if q[number] > settings.rate:
            if abs(float(z[number])) < 2 and _striking(effects, item.place, columns):
                refused.append(Refusal(describe(item.key), support, crude, _why_explained(columns, item.key, unended)))
            continue
        reason = _reason(effects, item.place, held, float(sure[number]), float(again[number]), settings)
        if reason:
            refused.append(Refusal(describe(item.key), support, crude, reason))
            continue
        found.append(_pattern(agent_type, evidence, columns, effects, item, held, settings))
        found[-1] = replace(
            found[-1], q=float(q[number]), confidence=float(sure[number]), replication=float(again[number])
        )
    found.sort(key=lambda pattern: (-pattern.confidence, pattern.id))
    preferences = rules_of_preference({pattern.key: pattern.effect for pattern in found})
    patterns = tuple(replace(item, rule=item.rule or preferences.get(item.key, "")) for item in found)
    return patterns, refused


def _thin(columns: Columns, groups: list[Effects], items: list[_Tested], unended: Any) -> list[Refusal]:
    """What looks like a pattern, but could hardly be compared within strata."""
    found: list[Refusal] = []
    for item in items:
        effects, place = groups[item.group], item.place
        if _striking(effects, place, columns):
            reason = _why_explained(columns, item.key, unended, thin=True)
            found.append(Refusal(describe(item.key), int(effects.support[place]), float(effects.crude[place]), reason))
    return found


def _reason(effects: Effects, place: int, held: HeldOut, sure: float, again: float, settings: AnalysisSettings) -> str:
    """Why a significant candidate is refused all the same; "" when it isn't."""
    if effects.turned[place]:
        return "its sign is not the same in every agent taken by itself"
    if effects.crude[place] * effects.difference[place] <= 0:
        return "its sign turns when tasks and agents are taken apart"
    if not held.found or held.same_sign < _HELD:
        return "it does not come back on tasks held out from its discovery"
    if sure < settings.confidence:
        return f"confidence {_down(sure)} is under the {settings.confidence:g} asked for"
    if again < settings.replication:
        return f"too weak to be expected again on as many unseen tasks (probability {_down(again)})"
    return ""


def _down(probability: float) -> str:
    """Rounded down, so that what is under a bound never reads as the bound."""
    return f"{math.floor(probability * 100) / 100:.2f}"


def _column(columns: Columns, key: Key) -> Any:
    return np.asarray(columns.matrix[:, columns.keys.index(key)].todense()).ravel() > 0


def _striking(effects: Effects, place: int, columns: Columns) -> bool:
    """Whether the crude difference is one that a plain comparison would take for a pattern."""
    count, shown = columns.matrix.shape[0], effects.support[place]
    error = 0.5 / np.sqrt(max(1.0, min(shown, count - shown)))
    return bool(abs(effects.crude[place]) > 3 * error)


def _why_explained(columns: Columns, key: Key, unended: Any, *, thin: bool = False) -> str:
    shown, ended_badly = _column(columns, key), unended.sum()
    for mask in (shown, ~shown):
        if (
            ended_badly
            and (mask & unended).sum() >= _DETERMINES * ended_badly
            and (mask & ~unended).sum() <= ended_badly
        ):
            return "it says that the run did not come to its end, not how it was done"
    if thin:
        return "too few runs of one task or agent differ in it to tell cause from circumstance"
    return "within tasks and agents the difference is gone: it is circumstance"


def _pattern(
    agent_type: str,
    evidence: Evidence,
    columns: Columns,
    effects: Effects,
    item: _Tested,
    held: HeldOut,
    settings: AnalysisSettings,
) -> Pattern:
    place, key = item.place, item.key
    effect, error = float(effects.difference[place]), float(effects.error[place])
    within = effects.within_tasks
    caution = "" if within else _CAUTION
    rows = np.flatnonzero(_column(columns, key))
    ids = sorted(evidence.trace_ids[row] for row in rows)[: settings.max_ids]
    kind: Any = family_kind(key)
    if kind == "success" and effect < 0:
        kind = "failure"
    return Pattern(
        id=hashlib.blake2b(repr((agent_type, key)).encode("utf-8", "replace"), digest_size=8).hexdigest(),
        key=key,
        kind=kind,
        agent_type=agent_type,
        description=describe(key),
        support=int(effects.support[place]),
        traces=effects.rows,
        compared=int(effects.compared[place]),
        effect=min(max(effect, -1.0), 1.0),
        low=max(effect - 1.96 * error, -1.0),
        high=min(effect + 1.96 * error, 1.0),
        crude=float(effects.crude[place]),
        confidence=0.0,
        p=float(effects.p[place]),
        q=1.0,
        replication=0.0,
        strata=_STRATA[within] + (f"; only runs where: {describe(ground)}" if (ground := ground_of(key)) else ""),
        caution=caution,
        held_out=held,
        trace_ids=tuple(ids),
        merged=tuple(describe(other) for other in columns.merged.get(key, ())[:20]),
        recommendations=recommend(key, effect, caution=caution),
        rule=rule_for(key, effect) or _over_its_opposite(evidence, columns, key, effect),
    )


def _over_its_opposite(evidence: Evidence, columns: Columns, key: Key, effect: float) -> str:
    """The rule for a helpful tool that stands for its opposite, too: another one that is called where it is not."""
    if key[0] != "uses" or effect <= 0:
        return ""
    shown = _column(columns, key)
    for other in columns.merged.get(key, ()):
        if other[0] == "uses" and not (shown & ground_rows(evidence, other)).any():
            return rule_of_preference(str(key[1]), str(other[1]))
    return ""


_STRATA = {
    True: "runs of the same task, with agent, guideline version, domain and kind of end taken out",
    False: "runs of the same agent, guideline version, domain and kind of end",
}
_CAUTION = (
    "Each task was run once, so a hard task may bring about both the behaviour and the failure; a trial can tell."
)


def _notes(design: Design, counts: Counts) -> tuple[str, ...]:
    notes: list[str] = []
    if not design.within_tasks:
        notes.append(
            "Most tasks were run once: a task's difficulty can't be told from behaviour here, so the patterns show "
            "what goes together, and a trial has to show what causes what."
        )
    if counts.unended:
        told = "1 trace, which" if counts.unended == 1 else f"{counts.unended:,} traces, which"
        notes.append(f"Judged apart from the others: {told} did not end by choice of the agent.")
    if counts.successes in (0, counts.traces):
        notes.append("All traces have the same outcome, so nothing can be learned from their differences.")
    return tuple(notes)
