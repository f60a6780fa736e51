"""A house belongs to its tenant: its people share it, nobody else sees or changes it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from common.context import Owner
from roles.smart_home import build
from roles.smart_home.example_house import EXAMPLE_DEVICES, EXAMPLE_SCENES
from roles.smart_home.house import House
from roles.smart_home.view import read_house
from tests.roles.asking import Asking, asking

HOUSE = House({d.name: d for d in EXAMPLE_DEVICES}, {s.name: s for s in EXAMPLE_SCENES})
OWNERS = [Owner("acme", "maria"), Owner("acme", "tom"), Owner("rival", "maria"), Owner("acme/x", "maria")]
REQUESTS: dict[str, dict[str, dict[str, Any]]] = {
    "turn on the kitchen light": {"kitchen light": {"power": "on"}},
    "turn off the kitchen light": {"kitchen light": {"power": "off"}},
    "unlock the front door": {"front door": {"lock": "unlocked"}},
    "set the thermostat to 23 degrees": {"thermostat": {"target": 23}},
    "activate movie night": {name: dict(state) for name, state in HOUSE.scenes["movie night"].states.items()},
}


async def house_of(home: Asking, owner: Owner) -> dict[str, dict[str, Any]]:
    return await read_house(home.views, HOUSE, owner)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(OWNERS), st.sampled_from(sorted(REQUESTS))), max_size=8))
async def test_each_tenant_has_exactly_their_own_house(taken: list[tuple[Owner, str]]) -> None:
    expected = {owner.tenant: {name: HOUSE.initial(name) for name in HOUSE.devices} for owner in OWNERS}
    with tempfile.TemporaryDirectory() as folder:
        async with asking(build, Path(folder)) as home:
            for owner, request in taken:
                assert (await home.ask(request, owner=owner)).result.ok
                for name, state in REQUESTS[request].items():
                    expected[owner.tenant][name] |= state
                for other in OWNERS:
                    assert await house_of(home, other) == expected[other.tenant]
            for owner in OWNERS:
                locked = expected[owner.tenant]["front door"]["lock"]
                answer = await home.ask("is the front door locked?", owner=owner)
                assert answer.text == f"The front door is {locked}."
