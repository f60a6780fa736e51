"""Contexts: what a request may say of itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from common.context import Owner, TaskContext
from common.settings import Settings


def test_resolving_fills_in_what_was_left_open() -> None:
    now = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
    resolved = TaskContext().resolved(now, "Europe/Zurich", "Bern")
    assert resolved.now.isoformat() == "2026-11-16T10:00:00+01:00"
    assert resolved.location == "Bern"


def test_a_naive_time_is_in_the_requests_zone() -> None:
    context = TaskContext(timezone="America/New_York", current_time=datetime(2026, 7, 1, 8, 0))
    resolved = context.resolved(datetime(2030, 1, 1, tzinfo=UTC), "UTC", None)
    assert resolved.now.isoformat() == "2026-07-01T08:00:00-04:00"


def test_an_unresolved_context_has_no_clock() -> None:
    with pytest.raises(ValueError, match="not resolved"):
        _ = TaskContext().now


@pytest.mark.parametrize(
    "bad",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"timezone": "/etc/localtime"},
        {"user": ""},
        {"user": "a\nb"},
        {"session": "x" * 201},
        {"request_id": "\ud800"},
        {"unknown": 1},
        {"location": "\x00"},
    ],
)
def test_broken_values_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TaskContext.model_validate(bad)


names = st.text(min_size=1, max_size=30)


@given(names, names, names, names)
def test_no_two_owners_share_a_folder(tenant: str, user: str, other_tenant: str, other_user: str) -> None:
    settings = Settings()
    one, other = Owner(tenant, user), Owner(other_tenant, other_user)
    try:
        first, second = settings.folder_of(one), settings.folder_of(other)
    except UnicodeEncodeError:
        return
    assert (first == second) == (one == other)
    for folder in (first, second):
        assert ".." not in folder.parts
        assert folder.is_relative_to(settings.data_dir)
