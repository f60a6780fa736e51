"""The circuit breaker as a state machine, against a clock that is moved by hand."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from common.settings import BreakerSettings
from llm_provider.breaker import Breaker, Permit


class Machine(RuleBasedStateMachine):
    @initialize(failures=st.integers(1, 4), seconds=st.integers(1, 20))
    def start(self, failures: int, seconds: int) -> None:
        self.now = 0.0
        self.settings = BreakerSettings(failures=failures, seconds=seconds)
        self.breaker = Breaker(self.settings, lambda: self.now)
        self.under_way: list[Permit] = []
        self.probes: list[Permit] = []

    @rule(seconds=st.floats(0.1, 15))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def somebody_calls(self) -> None:
        state = self.breaker.state
        permit = self.breaker.admit()
        if state == "closed":
            assert permit is not None
        if state == "open":
            assert permit is None
        if state == "half-open":
            assert (permit is not None) == (not self.probes)
            if permit is not None:
                self.probes.append(permit)
                return
        if permit is not None:
            self.under_way.append(permit)

    @precondition(lambda self: self.under_way)
    @rule(success=st.sampled_from([True, False, None]))
    def a_call_ends(self, success: bool | None) -> None:
        permit = self.under_way.pop(0)
        was_open = self.breaker.state != "closed"
        left = self.breaker.seconds_left
        self.tell(permit, success)
        if was_open:  # what began before it opened changes nothing
            assert self.breaker.state != "closed"
            assert self.breaker.seconds_left == left
        elif success:
            assert self.breaker.failures == 0

    @precondition(lambda self: self.probes)
    @rule(success=st.sampled_from([True, False, None]))
    def the_probe_ends(self, success: bool | None) -> None:
        self.tell(self.probes.pop(), success)
        if success:
            assert self.breaker.state == "closed"
        elif success is False:
            assert self.breaker.seconds_left == pytest.approx(self.settings.seconds)
        else:
            assert self.breaker.state == "half-open"

    @invariant()
    def at_most_one_probe(self) -> None:
        assert len(self.probes) <= 1

    def tell(self, permit: Permit, success: bool | None) -> None:
        if success is None:
            permit.abandoned()
        elif success:
            permit.succeeded()
        else:
            permit.failed()


TestBreaker = Machine.TestCase


def test_failures_count_only_in_a_row() -> None:
    breaker = Breaker(BreakerSettings(failures=2, seconds=10), lambda: 0.0)
    for success in (False, True, False, True, False):
        permit = breaker.admit()
        assert permit is not None
        if success:
            permit.succeeded()
        else:
            permit.failed()
    assert breaker.state == "closed"
    permit = breaker.admit()
    assert permit is not None
    permit.failed()
    assert (breaker.state, breaker.seconds_left, breaker.admit()) == ("open", 10.0, None)
