"""Nothing of one tenant or user is visible to or changed by another, whatever they ask in whatever order."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.context import Owner
from common.errors import NotFound
from common.intents import Policy
from supervisor import Supervisor
from supervisor.testing import offline_settings

OWNERS = [Owner("acme", "maria"), Owner("acme", "tom"), Owner("rival", "maria"), Owner("default", "local")]
SECRETS = ["zebra", "quartz", "walnut", "saffron"]
REQUESTS = [
    "remember that my password is {secret}",
    "set a {secret} timer for 10 minutes",
    "add {secret} meeting to my calendar tomorrow at 10",
    "cancel the meeting tomorrow",
    "cancel all my timers",
    "what timers do I have?",
    "what's on my calendar tomorrow?",
    "what is my password?",
    "forget my password",
]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(REQUESTS)), min_size=4, max_size=10))
async def test_owners_never_meet(steps: list[tuple[int, str]]) -> None:
    with TemporaryDirectory() as folder:
        async with Supervisor(offline_settings(Path(folder)), background=False) as supervisor:
            for index, request in steps:
                owner = OWNERS[index]
                response = await supervisor.process_request(
                    request.format(secret=SECRETS[index]), {"tenant": owner.tenant, "user": owner.user}
                )
                foreign = [secret for other, secret in enumerate(SECRETS) if other != index]
                assert not [secret for secret in foreign if secret in response.model_dump_json()]
            await _check_views(supervisor)


async def _check_views(supervisor: Supervisor) -> None:
    for index, owner in enumerate(OWNERS):
        foreign = [secret for other, secret in enumerate(SECRETS) if other != index]
        rows = await supervisor.traces(owner=owner, limit=100)
        for row in rows:
            assert (row["tenant"], row["user"]) == owner
            detail = await supervisor.trace(str(row["trace_id"]), owner=owner)
            said = " ".join(entry.event.model_dump_json() for entry in detail.events)  # type: ignore[union-attr]
            assert not [secret for secret in foreign if secret in said]


async def test_approvals_and_traces_of_others_do_not_exist(tmp_path: Path) -> None:
    base = offline_settings(tmp_path)
    asking = base.model_copy(update={"intents": base.intents.model_copy(update={"default_policy": Policy.ASK})})
    async with Supervisor(asking, background=False) as supervisor:
        mine, theirs = OWNERS[0], OWNERS[1]
        response = await supervisor.process_request(
            "set a timer for 3 minutes", {"tenant": mine.tenant, "user": mine.user}
        )
        assert response.outcome == "awaiting_approval"
        assert len(await supervisor.approvals(mine)) == 1
        assert await supervisor.approvals(theirs) == []
        for act in (supervisor.approve, supervisor.deny):
            with pytest.raises(NotFound):
                await act(response.intents[0].id, by="tom", owner=theirs)
