"""One rule that replay speaks against takes itself out of a draft, not the others, and is not replayed again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from events.catalogue.guideline import GuidelineProposed, GuidelineRejected, GuidelineRule, RuleChange
from events.state.guideline_rules import diff_rules
from events.store import EventStore
from supervisor.commands.guidelines import GuidelineCommands
from supervisor.learning.draft_replay import apply_changes, find_broken
from supervisor.learning.integration import LearningHooks
from tests.supervisor.learning.learning_help import BAD, learning_over, log, told, traces

BREAKS = f"avoid “{BAD}”"


@pytest.fixture
async def store() -> AsyncGenerator[EventStore]:
    async with await EventStore.open("memory://") as opened:
        yield opened


class Replay:
    """Stands for replay: some rules break recorded successes."""

    def __init__(self, *breaking: str) -> None:
        self.breaking = set(breaking)
        self.times = 0

    async def __call__(
        self, agent_type: str, current: Sequence[GuidelineRule], rules: Sequence[GuidelineRule]
    ) -> tuple[str, JsonValue]:
        self.times += 1
        bad = self.breaking & {rule.text for rule in rules}
        return ("a recorded success would fail" if bad else ""), {"may_be_tried": not bad, "requests": 7}


async def test_the_other_rules_are_proposed_and_the_bad_one_is_rejected_in_the_log(store: EventStore) -> None:
    replay = Replay(BREAKS)
    await log(store, traces(400))
    async with learning_over(store, hooks=LearningHooks(check=replay)) as learning:
        (proposed,) = (await learning.cycle()).proposed
        assert BREAKS not in proposed.rules
        assert len(proposed.rules) > 1
        bad, good = await told(store, GuidelineProposed)
        assert isinstance(bad, GuidelineProposed)
        assert isinstance(good, GuidelineProposed)
        assert ([rule.text for rule in bad.rules], good.version) == ([BREAKS], proposed.version)
        assert isinstance(bad.evidence, dict)
        assert isinstance(good.evidence, dict)
        assert (bad.evidence["replay"], good.evidence["replay"]) == (
            {"may_be_tried": False, "requests": 7},
            {"may_be_tried": True, "requests": 7},
        )
        (rejected,) = await told(store, GuidelineRejected)
        assert isinstance(rejected, GuidelineRejected)
        assert rejected.version == bad.version
        assert "a recorded success would fail" in rejected.reason
        before = replay.times
        await learning.cycle(fresh=True)
        assert replay.times == before, "it was decided"
        assert len(await told(store, GuidelineProposed)) == 2


async def test_where_nothing_is_left_a_later_cycle_says_so_and_replays_nothing(store: EventStore) -> None:
    replay = Replay(BREAKS)
    await log(store, traces(400))
    hooks = LearningHooks(check=replay, draft=_only_the_bad_one)
    async with learning_over(store, hooks=hooks) as learning:
        report = await learning.cycle()
        assert (report.proposed, len(await told(store, GuidelineRejected))) == ((), 1)
        assert any("a draft was rejected: a recorded success would fail" in note for note in report.notes)
        before = replay.times
        report = await learning.cycle(fresh=True)
        assert (report.proposed, replay.times) == ((), before)
        assert any("was rejected or taken back" in note for note in report.notes)


async def test_killed_between_proposal_and_rejection_the_next_cycle_rejects(
    store: EventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object, **__: object) -> None:
        raise RuntimeError

    await log(store, traces(400))
    hooks = LearningHooks(check=Replay(BREAKS), draft=_only_the_bad_one)
    async with learning_over(store, hooks=hooks, served=["triage"]) as learning:
        with monkeypatch.context() as patched:
            patched.setattr(GuidelineCommands, "reject", killed)
            with pytest.raises(RuntimeError):
                await learning.cycle()
        assert await told(store, GuidelineRejected) == []
        assert (await learning.cycle(fresh=True)).proposed == (), "neither on trial nor waiting"
        (known,) = await learning.history("triage")
        assert known.status == "rejected"


def _only_the_bad_one(*given: object) -> object:
    from supervisor.learning.guideline_generator import GuidelineGenerator

    agent_type, analysis, current, rejected = given
    whole = GuidelineGenerator().draft(agent_type, analysis, current)  # type: ignore[arg-type]
    assert whole is not None
    others = {rule.id for rule in whole.rules if rule.text != BREAKS}
    return GuidelineGenerator().draft(agent_type, analysis, current, rejected={*others, *rejected})  # type: ignore[arg-type, misc]


def _name(change: RuleChange) -> str:
    return change.rule


def _rule(name: str, text: str) -> GuidelineRule:
    return GuidelineRule(id=name, text=text, origin="test")


RULES = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["", "1", "2"]), max_size=8)


@given(RULES, RULES, st.sets(st.sampled_from("abcdefgh")))
async def test_what_is_to_blame_is_found_and_nothing_else(
    before: dict[str, str], after: dict[str, str], guilty: set[str]
) -> None:
    current = [_rule(name, f"avoid {name}{text}") for name, text in before.items()]
    drafted = [_rule(name, f"avoid {name}{text}") for name, text in after.items()]

    async def check(rules: Sequence[GuidelineRule]) -> tuple[str, JsonValue]:
        changed = {change.rule for change in diff_rules(current, rules)}
        return ("it breaks" if changed & guilty else ""), None

    changes = diff_rules(current, drafted)
    if not guilty & {change.rule for change in changes}:
        return
    broken = await find_broken(current, drafted, "it breaks", None, check)
    assert {change.rule for change in broken.changes} == guilty & {change.rule for change in changes}
    made = diff_rules(current, broken.rules)
    assert sorted(made, key=_name) == sorted(broken.changes, key=_name)


@given(RULES, RULES)
def test_all_changes_of_a_draft_make_the_draft(before: dict[str, str], after: dict[str, str]) -> None:
    current = [_rule(name, f"avoid {name}{text}") for name, text in before.items()]
    drafted = [_rule(name, f"avoid {name}{text}") for name, text in after.items()]
    assert set(apply_changes(current, drafted, diff_rules(current, drafted))) == set(drafted)
    assert apply_changes(current, drafted, []) == tuple(current)


async def test_rules_that_break_only_together_are_all_to_blame() -> None:
    drafted = [_rule("a", "avoid a"), _rule("b", "avoid b"), _rule("c", "Be brief.")]
    calls = 0

    async def check(rules: Sequence[GuidelineRule]) -> tuple[str, JsonValue]:
        nonlocal calls
        calls += 1
        return "", None

    broken = await find_broken([], drafted, "it breaks now and then", None, check)
    assert [change.rule for change in broken.changes] == ["a", "b"]
    assert calls == 2
