"""Names on the wire: valid everywhere, never shared."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from llm_provider.wire_names import wire_name

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,31}\.[a-z][a-z0-9_]{0,63}", fullmatch=True)
TRICKY = st.sampled_from(["a__b.c", "a.b__c", "a_.b", "a.b_", "a___b.c", "a._b".replace("._", ".x_"), "a.b", "a__x.b"])


@given(NAMES | TRICKY)
def test_every_provider_accepts_it(name: str) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", wire_name(name))


@given(st.lists(NAMES | TRICKY, unique=True, min_size=2, max_size=30))
def test_no_two_names_share_one(names: list[str]) -> None:
    wires = [wire_name(name) for name in names]
    assert len(set(wires)) == len(names)
    assert len({wire.replace("-", "_") for wire in wires}) == len(names)


def test_usual_names_stay_readable() -> None:
    assert wire_name("calendar.add_event") == "calendar__add_event"
