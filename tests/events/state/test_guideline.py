"""The state machine of a guideline: what holds after any commands, and what each refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import GuidelineError, NotFound, StoreError
from events.catalogue import Event
from events.catalogue.guideline import (
    GuidelineActivated,
    GuidelineProposed,
    GuidelineRejected,
    GuidelineRolledBack,
    GuidelineRule,
    GuidelineTrialStarted,
)
from events.catalogue.timer import TimerCancelled
from events.recorded import Erased, Unknown
from events.state.guideline import (
    NONE,
    GuidelineStatus,
    Proposal,
    activate,
    evolve,
    fold_guideline,
    propose,
    reject,
    roll_back,
    start_trial,
)
from events.state.guideline_rules import name_rules, read_version
from tests.events.guideline_histories import COMMANDS, History, recorded, run


def serving(*versions: str) -> History:
    """A guideline whose versions 1.0.0, 1.1.0 … were put into service one after the other."""
    history = History()
    for number, version in enumerate(versions):
        history.propose(*[f"rule {n}" for n in range(number + 1)])
        assert history.state.highest == version
        history.take(activate, version, by="ann")
    return history


def refused(history: History, decide: Callable[..., Event], *arguments: Any, **named: Any) -> str:
    """The sentence that a command is refused with; the state is as before."""
    before = history.state
    with pytest.raises((GuidelineError, NotFound)) as caught:
        history.take(decide, *arguments, **named)
    assert history.state == before
    return str(caught.value)


# --- what always holds ---


def check(history: History, ever_active: set[str | None], proposed: list[str]) -> None:
    state = history.state
    by_status: dict[GuidelineStatus, list[str]] = {}
    for name, known in state.versions.items():
        by_status.setdefault(known.status, []).append(name)
    assert by_status.get(GuidelineStatus.ACTIVE, []) == ([state.active] if state.active else [])
    assert by_status.get(GuidelineStatus.TRIAL, []) == ([state.trial] if state.trial else [])
    assert list(state.versions) == proposed
    numbers = [read_version(version) for version in proposed]
    assert numbers == sorted(set(numbers))
    assert set(state.before) <= set(by_status.get(GuidelineStatus.RETIRED, []))
    assert len(set(state.before)) == len(state.before)
    served = {GuidelineStatus.ACTIVE, GuidelineStatus.RETIRED, GuidelineStatus.ROLLED_BACK}
    assert {name for status in served for name in by_status.get(status, [])} == ever_active - {None}


@given(COMMANDS)
def test_whatever_is_asked_a_guideline_stays_whole(commands: list[tuple[Any, ...]]) -> None:
    history = History()
    ever_active: set[str | None] = {None}
    proposed: list[str] = []
    for command in commands:
        before = history.state
        try:
            event = run(history, command)
        except (GuidelineError, NotFound):
            assert history.state == before
            continue
        match event:
            case GuidelineProposed(version=version):
                proposed.append(version)
            case GuidelineActivated(version=version):
                assert version in proposed
                ever_active.add(version)
            case GuidelineRolledBack(version=version, restored=back):
                assert version == before.active
                assert back in ever_active - {version}
            case _:
                pass
        check(history, ever_active, proposed)
    assert fold_guideline("agent", history.events) == history.state


# --- proposing ---


def test_numbers_follow_what_changes() -> None:
    history = History()
    first = history.propose("a", "b", reason="so it begins", patterns=["p1"], evidence={"support": 12})
    assert (first.version, first.base_version, first.agent_type, first.by) == ("1.0.0", None, "agent", "ann")
    assert (first.reason, first.patterns, first.evidence) == ("so it begins", ["p1"], {"support": 12})
    assert [(change.kind, change.after) for change in first.diff] == [("added", "a"), ("added", "b")]
    history.take(activate, "1.0.0", by="ann")
    more = history.propose("a", "b", "c")
    assert (more.version, more.base_version, [change.kind for change in more.diff]) == ("1.1.0", "1.0.0", ["added"])
    changed = [rule if rule.text == "b" else replace_text(rule, "A") for rule in first.rules]
    patch = history.take(propose, Proposal(changed, by="ann"))
    assert (patch.version, [(each.kind, each.before, each.after) for each in patch.diff]) == (
        "1.1.1",
        [("changed", "a", "A")],
    )
    fewer = history.propose("b", "c")
    assert (fewer.version, [(change.kind, change.before) for change in fewer.diff]) == (
        "2.0.0",
        [("removed", "a"), ("added", "")],
    )


def replace_text(rule: GuidelineRule, text: str) -> GuidelineRule:
    return rule.model_copy(update={"text": text})


def test_a_number_may_be_higher_and_not_lower() -> None:
    history = serving("1.0.0")
    assert "version 1.0.1 is too low for this change" in refused(
        history, propose, Proposal(name_rules(["rule 0", "more"]), by="ann", version="1.0.1")
    )
    assert history.propose("rule 0", "more", version="4.0.0").version == "4.0.0"
    assert "It takes 5.0.0 or higher" in refused(
        history, propose, Proposal(name_rules(["other"]), by="ann", version="4.9.0")
    )
    for bad in ("1", "1.2", "1.2.3.4", "01.2.3", "a.b.c", "-1.0.0", "1.0.0-beta", "1234567.0.0", "", "١.٠.٠"):
        assert "is no version" in refused(history, propose, Proposal(name_rules(["x"]), by="ann", version=bad)), bad


def test_nothing_is_proposed_that_changes_nothing() -> None:
    history = History()
    assert "the rules are those of no guideline at all" in refused(history, propose, Proposal([], by="ann"))
    history.propose("rule 0")
    assert "those of version 1.0.0, which is proposed" in refused(
        history, propose, Proposal(name_rules(["rule 0"]), by="ann")
    )
    history.take(activate, "1.0.0", by="ann")
    again = [GuidelineRule(id="other", text="rule 0")]
    assert "those of version 1.0.0, which is active" in refused(history, propose, Proposal(again, by="ann", base=NONE))
    history.propose("rule 0", "rule 1")
    history.take(activate, "1.1.0", by="ann")
    assert "those of version 1.0.0, which is retired" in refused(
        history, propose, Proposal(name_rules(["rule 0"]), by="ann", base="1.0.0")
    )
    assert history.take(propose, Proposal([], by="ann")).version == "2.0.0", "no rules at all is a change, too"


def test_a_base_must_be_known() -> None:
    history = serving("1.0.0")
    assert "has no version '7.0.0'" in refused(history, propose, Proposal(name_rules(["x"]), by="ann", base="7.0.0"))
    rejected = history.propose("x")
    history.take(reject, rejected.version, by="ann")
    assert history.take(propose, Proposal(name_rules(["x", "y"]), by="ann", base=rejected.version)).diff[0].after == "y"


HOSTILE = [
    ("two\nlines", "U+000A"),
    ("carriage\rreturn", "U+000D"),
    ("tab\there", "U+0009"),
    ("bell\x07", "U+0007"),
    ("escape\x1b[2J", "U+001B"),
    ("turned\u202eback", "U+202E"),
    ("line\u2028separator", "U+2028"),
    ("next\x85line", "U+0085"),
    ("hid\u200bden", "U+200B"),
    ("half \udc80", "U+DC80"),
    ("", "is empty"),
    (" blank before", "blanks around"),
    ("x" * 301, "301 characters"),
]


@pytest.mark.parametrize(("text", "told"), HOSTILE)
def test_a_rule_is_one_line_of_plain_text(text: str, told: str) -> None:
    rules = [GuidelineRule(id="a", text="fine"), GuidelineRule(id="b", text=text)]
    sentence = refused(History(), propose, Proposal(rules, by="ann"))
    assert told in sentence
    assert "rule 2" in sentence
    if text.strip():
        assert told in refused(
            History(), propose, Proposal([GuidelineRule(id="b", text="t", origin=text)], by="a")
        ) or ("characters" in told)


@given(st.text(max_size=320))
def test_what_gets_in_is_one_printable_line(text: str) -> None:
    history = History()
    try:
        history.take(propose, Proposal([GuidelineRule(id="a", text=text)], by="ann"))
    except GuidelineError:
        assert not text.isprintable() or not 0 < len(text) <= 300 or text != text.strip()
    else:
        assert text.isprintable()
        assert text.splitlines() == [text]


@pytest.mark.parametrize(
    ("proposal", "told"),
    [
        (Proposal([GuidelineRule(id="no id", text="t")], by="a"), "is no id of a rule"),
        (Proposal([GuidelineRule(id="", text="t")], by="a"), "is no id of a rule"),
        (Proposal([GuidelineRule(id="a", text="t"), GuidelineRule(id="a", text="u")], by="a"), "have the id"),
        (Proposal([GuidelineRule(id="a", text="t"), GuidelineRule(id="b", text="t")], by="a"), "have the text"),
        (Proposal(name_rules(map(str, range(101))), by="a"), "101 rules are more than the 100"),
        (Proposal(name_rules(["t"]), by=" "), "it takes a name"),
        (Proposal(name_rules(["t"]), by="a", reason="x" * 2_001), "a reason of up to 2,000"),
        (Proposal(name_rules(["t"]), by="a", patterns=["p"] * 201), "too much evidence"),
        (Proposal(name_rules(["t"]), by="a", evidence=["x" * 70_000]), "too much evidence"),
    ],
)
def test_proposals_are_bounded(proposal: Proposal, told: str) -> None:
    assert told in refused(History(), propose, proposal)


@pytest.mark.parametrize("agent_type", ["", " agent", "x" * 65, "two\nlines"])
def test_an_agent_type_is_a_short_name(agent_type: str) -> None:
    assert "is no agent type" in refused(History(agent_type), propose, Proposal(name_rules(["t"]), by="a"))


def test_a_text_of_an_id_that_another_text_has_gets_an_id_of_its_own() -> None:
    history = History()
    (first,) = history.propose("a").rules
    history.take(activate, "1.0.0", by="ann")
    history.take(propose, Proposal([replace_text(first, "A")], by="ann"))
    history.take(activate, "1.0.1", by="ann")
    both = history.propose("A", "a")
    assert (both.rules[0].id, [change.kind for change in both.diff]) == (first.id, ["added"])


# --- deciding ---


def test_a_trial_on_the_way_into_service() -> None:
    history = serving("1.0.0")
    history.propose("rule 0", "rule 1")
    started: GuidelineTrialStarted = history.take(start_trial, "1.1.0", share=0.2, by="learning", reason="p7")
    assert (started.against, started.share, started.by, started.reason) == ("1.0.0", 0.2, "learning", "p7")
    assert (history.state.active, history.state.trial) == ("1.0.0", "1.1.0")
    history.propose("rule 0", "rule 2")
    assert "version 1.1.0 is on trial" in refused(history, start_trial, "1.2.0", share=0.2, by="x")
    event: GuidelineActivated = history.take(activate, "1.1.0", by="learning", evidence={"e": 21.0})
    assert (event.replaces, event.ends_trial, event.evidence) == ("1.0.0", None, {"e": 21.0})
    assert history.statuses == {"1.0.0": "retired", "1.1.0": "active", "1.2.0": "proposed"}


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan"), float("inf")])
def test_a_trial_takes_a_part_of_the_requests(share: float) -> None:
    history = History()
    history.propose("rule 0")
    assert "above 0 and below 1" in refused(history, start_trial, "1.0.0", share=share, by="x")


def test_a_trial_does_not_outlast_what_it_is_compared_with() -> None:
    history = serving("1.0.0")
    history.propose("rule 0", "rule 1")
    history.propose("rule 0", "rule 2")
    history.take(start_trial, "1.1.0", share=0.5, by="x")
    assert history.take(activate, "1.2.0", by="ann").ends_trial == "1.1.0"
    assert (history.statuses["1.1.0"], history.state.trial) == ("proposed", None)
    history.take(start_trial, "1.1.0", share=0.5, by="x")
    assert history.take(roll_back, by="ann").ends_trial == "1.1.0"
    assert history.statuses == {"1.0.0": "active", "1.1.0": "proposed", "1.2.0": "rolled_back"}
    history.take(start_trial, "1.1.0", share=0.5, by="x")
    history.take(reject, "1.1.0", by="x", reason="it harms")
    assert (history.statuses["1.1.0"], history.state.trial) == ("rejected", None)


def test_the_way_back() -> None:
    history = serving("1.0.0", "1.1.0", "1.2.0")
    assert history.take(roll_back, by="ann").restored == "1.1.0"
    assert history.take(roll_back, by="ann").restored == "1.0.0"
    assert history.take(roll_back, by="ann").restored is None
    assert history.state.active is None
    assert "no guideline of 'agent' is in service" in refused(history, roll_back, by="ann")
    history.take(activate, "1.1.0", by="ann")
    history.take(activate, "1.2.0", by="ann")
    assert history.take(roll_back, by="ann").restored == "1.1.0", "not 1.0.0, and not what was rolled back before"


def test_the_way_back_to_a_named_version() -> None:
    history = serving("1.0.0", "1.1.0", "1.2.0")
    assert "it is active" in refused(history, roll_back, "1.2.0", by="ann")
    assert history.take(roll_back, "1.0.0", by="ann").restored == "1.0.0"
    assert history.take(roll_back, by="ann").restored is None, "1.1.0 was passed over"
    history.take(activate, "1.1.0", by="ann")
    assert history.take(roll_back, "1.2.0", by="ann").restored == "1.2.0", "a person may go back to any that served"
    assert history.take(roll_back, NONE, by="ann").restored is None
    history.take(activate, "1.2.0", by="ann")
    rejected = history.propose("x")
    history.take(reject, rejected.version, by="ann")
    assert "it is rejected" in refused(history, roll_back, rejected.version, by="ann")


def test_what_may_not_be_decided() -> None:
    history = serving("1.0.0")
    for decide in (activate, reject):
        assert "has no version '3.0.0'" in refused(history, decide, "3.0.0", by="x")
    assert "can't be activated: it is active" in refused(history, activate, "1.0.0", by="x")
    assert "can't be rejected: it is active" in refused(history, reject, "1.0.0", by="x")
    assert "can't be put on trial: it is active" in refused(history, start_trial, "1.0.0", share=0.1, by="x")
    history.propose("other")
    history.take(reject, "2.0.0", by="ann")
    for decide, named in ((activate, {}), (reject, {}), (start_trial, {"share": 0.1})):
        assert "it is rejected" in refused(history, decide, "2.0.0", by="x", **named)


# --- histories ---


@pytest.mark.parametrize("event", [Unknown("guideline.merged", 1, b"{}"), Erased("guideline.proposed", 1)])
def test_nothing_is_decided_on_top_of_what_can_not_be_read(event: Unknown | Erased) -> None:
    events = [*serving("1.0.0").events, recorded(3, event)]
    with pytest.raises(StoreError, match="so this guideline is not changed"):
        fold_guideline("agent", events)


def forged(history: History, event: Event) -> str:
    with pytest.raises((GuidelineError, NotFound)) as caught:
        evolve(history.state, recorded(9, event))
    return str(caught.value)


def test_a_history_that_no_guideline_can_have_is_refused() -> None:
    history = serving("1.0.0", "1.1.0")
    proposed = GuidelineProposed(agent_type="agent", version="1.1.0", rules=[], by="x")
    assert "does not come behind 1.1.0" in forged(history, proposed)
    assert "can't be activated" in forged(history, GuidelineActivated(agent_type="agent", version="1.1.0", by="x"))
    stale = GuidelineActivated(agent_type="agent", version="1.0.0", by="x")
    assert "replaces another version" in forged(history, stale)
    assert "ends another trial" in forged(
        history, stale.model_copy(update={"replaces": "1.1.0", "ends_trial": "1.0.0"})
    )
    assert "is not in service" in forged(history, GuidelineRolledBack(agent_type="agent", version="1.0.0", by="x"))
    assert "has no version" in forged(history, GuidelineRejected(agent_type="agent", version="6.0.0", by="x"))
    assert "does not belong" in forged(history, TimerCancelled(timer_id="1"))
    history.propose("x")
    history.propose("y")
    history.take(start_trial, "2.0.0", share=0.5, by="x")
    second = GuidelineTrialStarted(agent_type="agent", version="3.0.0", share=0.5, by="x")
    assert "two versions can't be on trial" in forged(history, second)


def test_the_stream_version_is_that_of_the_last_event() -> None:
    history = serving("1.0.0")
    assert history.state.stream_version == 2
    history.propose("rule 0", "x")
    assert history.state.stream_version == 3
