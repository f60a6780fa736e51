"""What a trial counts: by the order in which requests began, once each, in time, whatever pages it comes in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from events.catalogue.guideline import TrialTerms
from events.catalogue.trace import GuidelinesDrawn
from supervisor.learning.outcome_pages import AgentRun, Draw, Ended, OutcomePage, Report, RequestKey
from supervisor.learning.trial_counts import TrialCounts
from supervisor.learning.trial_reports import evidence_of

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CANDIDATE, INCUMBENT = "1.1.0", "1.0.0"
TERMS = TrialTerms(patience=100.0)


@dataclass(frozen=True)
class Asked:
    """A request: when it began, its version, how long it took, how it went, and what was reported how much later."""

    name: str
    began: float
    version: str
    took: float = 1.0
    success: bool | None = True
    reports: tuple[tuple[float, bool], ...] = ()
    stopped: bool = False
    has_part: bool = True

    @property
    def key(self) -> RequestKey:
        return RequestKey("default", self.name)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def pages(requests: Sequence[Asked], cuts: Sequence[float] = ()) -> list[OutcomePage]:
    """The log of these requests, cut into pages at these times."""
    happened: list[tuple[float, int, object]] = []
    for asked in requests:
        drawn = GuidelinesDrawn(candidates={"timer": CANDIDATE}, served={"timer": asked.version})
        happened.append((asked.began, 0, Draw(asked.key, drawn, at(asked.began))))
        end = asked.began + asked.took
        run = AgentRun(asked.key, "timer" if asked.has_part else "weather", asked.version, asked.success)
        happened.append((end, 1, (asked.key, Ended(at(end), asked.stopped), run)))
        happened += [(end + wait, 2, Report(asked.key, at(end + wait), good)) for wait, good in asked.reports]
    happened.sort(key=lambda each: each[:2])
    made = [OutcomePage(0)]
    limits = sorted(cuts)
    for when, _, what in happened:
        while limits and when > limits[0]:
            limits.pop(0)
            made.append(OutcomePage(0))
        page = made[-1]
        page.now = at(when)
        match what:
            case Draw():
                page.draws.append(what)
            case Report():
                page.reports.append(what)
            case (RequestKey() as key, Ended() as ended, AgentRun() as run):
                page.ended[key] = ended
                page.runs.append(run)
            case _:
                raise AssertionError(what)
    return made


def counted(requests: Sequence[Asked], cuts: Sequence[float] = (), terms: TrialTerms = TERMS) -> TrialCounts:
    counts = TrialCounts("timer", CANDIDATE, INCUMBENT, 0.5, terms)
    for page in pages(requests, cuts):
        counts.take(page)
    return counts


def both(number: int, success: bool = True, **given: object) -> list[Asked]:
    return [
        Asked(f"{version} {index}", index * 2.0, version, success=success, **given)  # pyright: ignore
        for index in range(number)
        for version in (CANDIDATE, INCUMBENT)
    ]


asked = st.builds(
    Asked,
    name=st.uuids().map(str),
    began=st.floats(0, 500),
    version=st.sampled_from((CANDIDATE, INCUMBENT)),
    took=st.floats(0.1, 200),
    success=st.sampled_from((True, False, True, None)),
    reports=st.lists(st.tuples(st.floats(0.1, 50), st.booleans()), max_size=2).map(tuple),
    stopped=st.booleans(),
    has_part=st.sampled_from((True, True, True, False)),
)


@settings(max_examples=40)
@given(st.lists(asked, max_size=25, unique_by=lambda each: each.name), st.lists(st.floats(0, 800), max_size=12))
def test_pages_make_no_difference(requests: list[Asked], cuts: list[float]) -> None:
    terms = TrialTerms(alpha=0.3, harm_alpha=0.3, patience=60.0, report_wait=20.0)
    whole, cut = counted(requests, (), terms), counted(requests, cuts, terms)
    assert evidence_of(whole, 0.5)["candidate"] == evidence_of(cut, 0.5)["candidate"] or whole.test.decision != "go_on"
    assert (whole.test.decision, whole.test.why) == (cut.test.decision, cut.test.why)
    assert whole.test.compared == cut.test.compared


def test_outcomes_are_compared_as_they_began() -> None:
    counts = counted(both(10))
    assert counts.test.compared == {"candidate": (10, 10), "incumbent": (10, 10)}
    assert counts.waiting == {"candidate": 0, "incumbent": 0}


def test_a_candidate_that_hangs_before_it_fails_does_not_look_good_meanwhile() -> None:
    """Half of its requests fail, after ninety seconds; what fails at once in the other arm fails as often."""
    drawn = random.Random(1)
    requests = [
        Asked(f"{index}", index * 0.1, version, took=90.0 if not good and version == CANDIDATE else 0.1, success=good)
        for index in range(600)
        for version in [drawn.choice((CANDIDATE, INCUMBENT))]
        for good in [drawn.random() < 0.5]
    ]
    counts = TrialCounts("timer", CANDIDATE, INCUMBENT, 0.5, TERMS)
    for page in pages(requests, [index * 0.5 for index in range(200)]):
        counts.take(page)
        assert counts.test.why != "better"
    naive = [each for each in requests if each.began + each.took < 60]
    ours = [each.success for each in naive if each.version == CANDIDATE]
    assert sum(map(bool, ours)) == len(ours) > 100, "counted as they end, it would have had no failure so far"


def test_what_is_not_known_in_time_is_left_out_and_holds_nothing_up() -> None:
    slow = Asked("slow", 0.5, CANDIDATE, took=500.0, success=False)
    counts = counted([slow, *both(5)])
    assert counts.test.compared["candidate"] == (5, 5)
    assert counts.left_out == {"candidate": 1, "incumbent": 0}
    waiting = TrialCounts("timer", CANDIDATE, INCUMBENT, 0.5, TERMS)
    waiting.take(pages([slow, *both(5)], [50.0])[0])
    assert waiting.test.compared["candidate"][0] < 5, "before its time is over it is waited for"


def test_who_has_no_part_and_what_was_cancelled_is_not_waited_for() -> None:
    requests = [
        Asked("other", 0.1, CANDIDATE, has_part=False),
        Asked("cancelled", 0.2, CANDIDATE, success=None, stopped=True),
        *both(4),
    ]
    counts = counted(requests)
    assert counts.test.compared["candidate"] == (4, 4)
    assert (counts.drawn["candidate"], counts.left_out["candidate"]) == (5, 1)


def test_the_last_report_in_time_counts_and_a_later_one_is_told() -> None:
    terms = TrialTerms(patience=100.0, report_wait=10.0)
    first = Asked("judged", 0.0, CANDIDATE, reports=((5.0, True), (6.0, False), (50.0, True)))
    counts = counted([first, Asked("other", 0.5, INCUMBENT), Asked("later", 90.0, INCUMBENT)], (), terms)
    assert counts.test.compared == {"candidate": (1, 0), "incumbent": (1, 1)}
    assert counts.contradicted == {"candidate": 1, "incumbent": 0}


def test_a_report_counts_where_nothing_else_is_known() -> None:
    unknown = Asked("unknown", 0.0, CANDIDATE, success=None, reports=((20.0, True),))
    counts = counted([unknown, Asked("other", 0.5, INCUMBENT), Asked("later", 130.0, INCUMBENT)])
    assert counts.test.compared["candidate"] == (1, 1)


def test_requests_of_another_trial_do_not_count() -> None:
    elsewhere = [Asked("old", 0.0, "0.9.0"), Asked("new", 1.0, "2.0.0")]
    counts = counted([*elsewhere, *both(3)])
    assert counts.drawn == {"candidate": 3, "incumbent": 3}
