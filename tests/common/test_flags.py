"""Flags: precedence, isolation from the host, bad providers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from openfeature import api
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from common.context import TaskContext
from common.errors import ConfigurationError
from common.flags import META_PLANNING, Flags


@pytest.fixture(autouse=True)
def _clean_registry() -> Iterator[None]:
    yield
    api.clear_providers()


def provider(value: bool) -> InMemoryProvider:
    return InMemoryProvider({META_PLANNING: InMemoryFlag("yes" if value else "no", {"yes": True, "no": False})})


async def test_default_then_settings_then_request() -> None:
    assert (await Flags("supervisor", {}).read(META_PLANNING, TaskContext())).value is False
    flags = Flags("supervisor", {META_PLANNING: True})
    configured = await flags.read(META_PLANNING, TaskContext())
    assert (configured.value, configured.reading.variant, configured.reading.reason) == (True, "on", "STATIC")
    overridden = await flags.read(META_PLANNING, TaskContext(flags={META_PLANNING: False}))
    assert (overridden.value, overridden.reading.variant, overridden.reading.reason) == (False, "off", "REQUEST")


async def test_a_hosts_provider_for_the_domain_is_asked() -> None:
    api.set_provider(provider(True), domain="supervisor")
    read = await Flags("supervisor", {}).read(META_PLANNING, TaskContext())
    assert (read.value, read.reading.variant, read.provider) == (True, "yes", "In-Memory Provider")


async def test_a_hosts_provider_without_the_flag_leaves_the_configured_value() -> None:
    api.set_provider(InMemoryProvider({}), domain="supervisor")
    assert (await Flags("supervisor", {META_PLANNING: True}).read(META_PLANNING, TaskContext())).value is True


async def test_the_hosts_default_domain_is_neither_asked_nor_changed() -> None:
    hosts = provider(True)
    api.set_provider(hosts)
    read = await Flags("supervisor", {}).read(META_PLANNING, TaskContext())
    assert read.value is False
    assert api.get_client().provider is hosts


async def test_two_sets_of_flags_share_nothing() -> None:
    on, off = Flags("supervisor", {META_PLANNING: True}), Flags("supervisor", {META_PLANNING: False})
    for _ in range(2):
        assert (await on.read(META_PLANNING, TaskContext())).value is True
        assert (await off.read(META_PLANNING, TaskContext())).value is False
    on.close()
    assert (await off.read(META_PLANNING, TaskContext())).reading.reason == "STATIC"


class Hanging(InMemoryProvider):
    async def resolve_boolean_details_async(self, *_: Any, **__: Any) -> FlagResolutionDetails[bool]:
        await anyio.sleep(60)
        raise AssertionError


async def test_a_provider_that_hangs_costs_a_bounded_wait() -> None:
    api.set_provider(Hanging({}), domain="supervisor")
    read = await Flags("supervisor", {}, timeout=0.05).read(META_PLANNING, TaskContext())
    assert (read.value, read.reading.reason) == (False, "ERROR")


async def test_unknown_flags_and_wrong_types_are_errors() -> None:
    flags = Flags("supervisor", {})
    with pytest.raises(ConfigurationError, match="unknown flag"):
        await flags.read("nope", TaskContext())
    with pytest.raises(ConfigurationError, match="wants a bool"):
        await flags.read(META_PLANNING, TaskContext(flags={META_PLANNING: "on"}))
    with pytest.raises(ConfigurationError, match="wants a bool"):
        Flags("supervisor", {META_PLANNING: "on"})


async def test_a_hosts_own_flag() -> None:
    flags = Flags("supervisor", {"tone": "formal"})
    flags.declare("tone", "casual")
    assert (await flags.read("tone", TaskContext())).value == "formal"
