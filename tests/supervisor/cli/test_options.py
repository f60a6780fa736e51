"""What the shared options mean, and how wrong ones are refused."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from common.context import Owner, TaskContext
from common.errors import ConfigurationError
from supervisor.cli.options import (
    CommonOptions,
    OwnerOptions,
    RequestOptions,
    find_config,
    parse_flags,
    request_context,
    who,
)


def test_flags_are_read_as_what_they_look_like() -> None:
    given = (
        "meta-planning=on",
        "dark=off",
        "share=0.25",
        "size=3",
        "colour=light blue",
        "path=a=b",
        "meta-planning=no",
    )
    assert parse_flags(given) == {
        "meta-planning": False,
        "dark": False,
        "share": 0.25,
        "size": 3,
        "colour": "light blue",
        "path": "a=b",
    }


@pytest.mark.parametrize("given", ["meta-planning", "=on", "", "x=", "x=[1]", "x=null"])
def test_a_flag_that_is_no_pair_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_flags((given,))
    assert caught.value.where == f"--flag {given}"
    assert caught.value.todo == "For example --flag meta-planning=on."


def test_options_become_the_context_of_the_request() -> None:
    options = RequestOptions(session="s1", flag=("meta-planning=on",), timezone="Europe/Zurich", location="Zürich")
    context = request_context(options, OwnerOptions(user="eva", tenant="acme"), request_id="r1", at="2026-11-27T18:30")
    assert context == TaskContext(
        user="eva",
        tenant="acme",
        session="s1",
        request_id="r1",
        timezone="Europe/Zurich",
        location="Zürich",
        current_time=datetime(2026, 11, 27, 18, 30),
        flags={"meta-planning": True},
    )
    assert context.owner == OwnerOptions(user="eva", tenant="acme").owner == Owner("acme", "eva")


@pytest.mark.parametrize(
    ("options", "owner", "at", "where", "what"),
    [
        (RequestOptions(timezone="Mars/Base"), OwnerOptions(), None, "--timezone", "unknown timezone 'Mars/Base'"),
        (RequestOptions(session=""), OwnerOptions(), None, "--session", "at least 1 character"),
        (RequestOptions(location="a\x00b"), OwnerOptions(), None, "--location", "control characters"),
        (RequestOptions(), OwnerOptions(user="\x1b[31m"), None, "--user", "control characters"),
        (RequestOptions(), OwnerOptions(tenant="t" * 201), None, "--tenant", "at most 200 characters"),
        (RequestOptions(), OwnerOptions(), "tomorrow", "--at", "'tomorrow' is no ISO 8601 time"),
    ],
)
def test_a_bad_option_is_named(
    options: RequestOptions, owner: OwnerOptions, at: str | None, where: str, what: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        request_context(options, owner, at=at)
    assert caught.value.where == where
    assert what in caught.value.what


def test_the_configuration_is_looked_for_in_order(tmp_path: Path) -> None:
    environ = {"SUPERVISOR_CONFIG": "/etc/supervisor.yaml"}
    named = CommonOptions(config=Path("mine.yaml"))
    assert find_config(CommonOptions(), {}, tmp_path) is None
    (tmp_path / "config.yaml").touch()
    assert find_config(CommonOptions(), {}, tmp_path) == tmp_path / "config.yaml"
    assert find_config(CommonOptions(), environ, tmp_path) == Path("/etc/supervisor.yaml")
    assert find_config(named, environ, tmp_path) == Path("mine.yaml")


def test_a_decision_carries_a_name() -> None:
    assert who("eva") == "eva"
    assert who(None)
