"""Flags: precedence, targeting, isolation from the host, providers that misbehave."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode, ProviderNotReadyError
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.hook import Hook, add_hooks, clear_hooks
from openfeature.provider import AbstractProvider
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider
from openfeature.provider.metadata import Metadata
from openfeature.provider.no_op_provider import NoOpProvider

from common.context import TaskContext
from common.errors import ConfigurationError
from common.flags import META_PLANNING, ROUTER_MODEL, FlagDeclaration, Flags, shipped_flags
from tests.common.flags.definitions import meta_planning, write


@pytest.fixture(autouse=True)
def _clean_registry() -> Iterator[None]:
    yield
    clear_hooks()
    api.clear_providers()


def provider(value: bool) -> InMemoryProvider:
    return InMemoryProvider({META_PLANNING: InMemoryFlag("yes" if value else "no", {"yes": True, "no": False})})


async def from_file(path: Path, document: Any, values: dict[str, Any] | None = None, **options: Any) -> Flags:
    write(path / "flags.json", document)
    flags = Flags("supervisor", values or {}, file=path / "flags.json", **options)
    await flags.open()
    return flags


async def test_default_then_settings_then_file_then_request(tmp_path: Path) -> None:
    read = await Flags("supervisor", {}).read(META_PLANNING, TaskContext())
    assert (read.value, read.reading.reason, read.provider) == (False, "DEFAULT", "default")
    configured = await Flags("supervisor", {META_PLANNING: True}).read(META_PLANNING, TaskContext())
    assert (configured.value, configured.reading.variant, configured.reading.reason) == (True, "on", "STATIC")
    assert configured.provider == "settings"
    flags = await from_file(tmp_path, meta_planning("off"), {META_PLANNING: True})
    defined = await flags.read(META_PLANNING, TaskContext())
    assert (defined.value, defined.reading.variant, defined.reading.reason) == (False, "off", "STATIC")
    assert defined.provider == "flags.json"
    overridden = await flags.read(META_PLANNING, TaskContext(flags={META_PLANNING: True}))
    assert (overridden.value, overridden.reading.variant, overridden.reading.reason) == (True, "on", "REQUEST")
    assert overridden.provider == "request"


@pytest.mark.parametrize(
    ("definition", "reason", "value"),
    [
        ({"state": "DISABLED"}, "DISABLED", True),
        ({"defaultVariant": None}, "DEFAULT", True),
        ({"targeting": {"if": [{"===": [{"var": "tenant"}, "beta"]}, "on"]}}, "DEFAULT", False),
    ],
)
async def test_what_a_definition_leaves_open_the_settings_say(
    tmp_path: Path, definition: dict[str, Any], reason: str, value: bool
) -> None:
    flags = await from_file(tmp_path, meta_planning(**definition), {META_PLANNING: True})
    read = await flags.read(META_PLANNING, TaskContext())
    assert (read.value, read.reading.reason) == (value, reason)
    assert read.reading.variant == ("on" if value else "off")


def when(variable: str, value: Any) -> dict[str, Any]:
    return meta_planning(targeting={"if": [{"===": [{"var": variable}, value]}, "on"]})


@pytest.mark.parametrize(
    ("variable", "value", "context", "on"),
    [
        ("tenant", "beta", TaskContext(tenant="beta"), True),
        ("tenant", "beta", TaskContext(), False),
        ("user", "eva", TaskContext(user="eva"), True),
        ("session", "s1", TaskContext(session="s1"), True),
        ("session", "s1", TaskContext(), False),
        ("plan", "pro", TaskContext(attributes={"plan": "pro"}), True),
        ("seats", 5, TaskContext(attributes={"seats": 5}), True),
        ("seats", 5, TaskContext(attributes={"seats": [5]}), False),
        ("targetingKey", "r1", TaskContext(request_id="r1"), True),
        ("tenant", "beta", TaskContext(attributes={"tenant": "beta"}), False),
        ("user", "eva", TaskContext(attributes={"user": "eva"}), False),
        ("session", "s1", TaskContext(attributes={"session": "s1"}), False),
        ("targetingKey", "r1", TaskContext(attributes={"targetingKey": "r1"}), False),
        ("$flagd.flagKey", "x", TaskContext(attributes={"$flagd": "x"}), False),
    ],
)
async def test_targeting_looks_at_the_request_and_attributes_can_not_pose(
    tmp_path: Path, variable: str, value: Any, context: TaskContext, on: bool
) -> None:
    flags = await from_file(tmp_path, when(variable, value))
    assert (await flags.read(META_PLANNING, context)).value is on


async def test_requests_without_an_id_each_have_a_side_of_their_own(tmp_path: Path) -> None:
    flags = await from_file(tmp_path, meta_planning(targeting={"fractional": [["on", 50], ["off", 50]]}))
    values = {(await flags.read(META_PLANNING, TaskContext())).value for _ in range(100)}
    assert values == {True, False}
    same = {(await flags.read(META_PLANNING, TaskContext(request_id="r"))).value for _ in range(10)}
    assert len(same) == 1


async def test_a_rule_that_fails_for_a_request_costs_it_nothing_but_the_flag(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    document = meta_planning(targeting={"if": [{"/": [1, {"var": "seats"}]}, "on"]})
    flags = await from_file(tmp_path, document, {META_PLANNING: True})
    with caplog.at_level(logging.DEBUG):
        read = await flags.read(META_PLANNING, TaskContext(attributes={"seats": 0}))
    assert (read.value, read.reading.reason) == (True, "ERROR")
    assert "ZeroDivisionError" in read.error
    assert not caplog.records
    dynamic = await from_file(tmp_path, meta_planning(targeting={"var": "plan"}))
    read = await dynamic.read(META_PLANNING, TaskContext(attributes={"plan": "pro"}))
    assert (read.value, read.reading.reason) == (False, "ERROR")


async def test_a_hosts_provider_for_the_domain_is_asked_instead_of_the_file(tmp_path: Path) -> None:
    flags = await from_file(tmp_path, meta_planning("off"))
    api.set_provider(provider(True), domain="supervisor")
    read = await flags.read(META_PLANNING, TaskContext())
    assert (read.value, read.reading.variant, read.provider) == (True, "yes", "In-Memory Provider")
    assert not flags.is_embedded


async def test_a_provider_that_is_handed_over_is_asked_and_let_go() -> None:
    class Closing(InMemoryProvider):
        def initialize(self, evaluation_context: EvaluationContext) -> None:
            steps.append("initialize")

        def shutdown(self) -> None:
            steps.append("shutdown")
            closed.set()

    steps: list[str] = []
    closed = threading.Event()
    given = Closing({META_PLANNING: InMemoryFlag("yes", {"yes": True})})
    flags = Flags("supervisor", {}, provider=given)
    await flags.open()
    assert (await flags.read(META_PLANNING, TaskContext())).reading.variant == "yes"
    assert (await Flags("supervisor", {}).read(META_PLANNING, TaskContext())).value is False, "it is this one's alone"
    flags.close()
    assert await anyio.to_thread.run_sync(closed.wait, 5)
    assert steps == ["initialize", "shutdown"]


async def test_a_provider_without_the_flag_leaves_settings_and_default() -> None:
    api.set_provider(InMemoryProvider({}), domain="supervisor")
    read = await Flags("supervisor", {META_PLANNING: True}).read(META_PLANNING, TaskContext())
    assert (read.value, read.reading.reason, read.provider) == (True, "STATIC", "settings")
    read = await Flags("supervisor", {}).read(META_PLANNING, TaskContext())
    assert (read.value, read.reading.reason, read.provider) == (False, "DEFAULT", "default")


async def test_the_hosts_default_domain_is_neither_asked_nor_changed(tmp_path: Path) -> None:
    hosts = provider(True)
    api.set_provider(hosts)
    flags = await from_file(tmp_path, meta_planning("off"))
    assert (await flags.read(META_PLANNING, TaskContext())).value is False
    assert api.get_client().provider is hosts
    assert api.get_client("supervisor").provider is hosts, "nothing is registered for the domain either"
    flags.close()
    assert api.get_client().provider is hosts


async def test_two_sets_of_flags_share_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    on = await from_file(tmp_path / "a", meta_planning("on"))
    off = await from_file(tmp_path / "b", meta_planning("off"))
    for _ in range(2):
        assert (await on.read(META_PLANNING, TaskContext())).value is True
        assert (await off.read(META_PLANNING, TaskContext())).value is False
    on.close()
    assert (await off.read(META_PLANNING, TaskContext())).value is False


class Blocking(AbstractProvider):
    """Answers from wherever it is called, as providers with no async methods do."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer
        self.threads: list[int] = []

    def get_metadata(self) -> Metadata:
        return Metadata("blocking")

    def _resolve(self, flag_key: str, default_value: Any, evaluation_context: Any = None) -> Any:
        self.threads.append(threading.get_ident())
        found = self.answer() if callable(self.answer) else self.answer
        return FlagResolutionDetails(found, variant="v", reason=Reason.STATIC)

    resolve_boolean_details = resolve_string_details = _resolve
    resolve_integer_details = resolve_float_details = resolve_object_details = _resolve


class Hanging(InMemoryProvider):
    async def resolve_boolean_details_async(self, *_: Any, **__: Any) -> FlagResolutionDetails[bool]:
        await anyio.sleep(60)
        raise AssertionError


async def test_a_provider_that_hangs_costs_a_bounded_wait() -> None:
    api.set_provider(Hanging({}), domain="supervisor")
    read = await Flags("supervisor", {}, timeout=0.05).read(META_PLANNING, TaskContext())
    assert (read.value, read.reading.reason) == (False, "ERROR")
    assert "no answer within 0.05 seconds" in read.error


async def test_a_provider_that_blocks_does_so_in_a_thread_for_a_bounded_time() -> None:
    release = threading.Event()
    hanging = Blocking(lambda: release.wait(30))
    api.set_provider(hanging, domain="supervisor")
    read = await Flags("supervisor", {}, timeout=0.05).read(META_PLANNING, TaskContext())
    release.set()
    assert (read.value, read.reading.reason) == (False, "ERROR")
    assert hanging.threads != [threading.get_ident()]


async def test_a_cancellation_inside_a_provider_stays_one() -> None:
    api.set_provider(Hanging({}), domain="supervisor")
    flags = Flags("supervisor", {}, timeout=30)
    with anyio.move_on_after(0.05) as scope:
        await flags.read(META_PLANNING, TaskContext())
    assert scope.cancelled_caught


@pytest.mark.parametrize("answer", ["yes", 1, None, 0.5])
async def test_an_answer_of_another_type_is_no_answer(answer: Any) -> None:
    for given in (Blocking(answer), InMemoryProvider({META_PLANNING: InMemoryFlag("v", {"v": answer})})):
        api.set_provider(given, domain="supervisor")
        read = await Flags("supervisor", {META_PLANNING: True}).read(META_PLANNING, TaskContext())
        assert (read.value, read.reading.variant, read.reading.reason) == (True, "on", "ERROR")
        assert read.error


async def test_an_answer_that_the_flag_can_not_have_is_no_answer() -> None:
    api.set_provider(Blocking("huge"), domain="supervisor")
    read = await Flags("supervisor", {}, declarations=shipped_flags(("fast",))).read(ROUTER_MODEL, TaskContext())
    assert (read.value, read.reading.reason) == ("off", "ERROR")
    assert "it may be off, fast" in read.error
    api.set_provider(Blocking(True), domain="supervisor")
    declared = [FlagDeclaration("turns", 3), FlagDeclaration("share", 0.5)]
    assert (await Flags("supervisor", {}, declarations=declared).read("turns", TaskContext())).value == 3


async def test_a_provider_that_fails_or_is_not_ready_is_a_fault_and_no_failure() -> None:
    def fail() -> bool:
        raise OSError("gone")

    api.set_provider(Blocking(fail), domain="supervisor")
    read = await Flags("supervisor", {}).read(META_PLANNING, TaskContext())
    assert (read.value, read.reading.reason, read.error) == (False, "ERROR", "gone")

    class Unready(Blocking):
        def initialize(self, evaluation_context: EvaluationContext) -> None:
            raise ProviderNotReadyError("no server")

    flags = Flags("supervisor", {}, provider=Unready(True))
    await flags.open()
    fault = flags.fault()
    assert fault is not None
    assert fault.what == "the flag provider blocking is not ready: ERROR"
    with pytest.raises(ConfigurationError, match="not ready"):
        await flags.probe()
    flags.close()


class Seen(Hook):
    """A host's hook: it is called by keyword."""

    def __init__(self, fails: bool = False) -> None:
        self.calls: list[tuple[str, str | None, str | None]] = []
        self.fails = fails

    def after(self, *, hook_context: Any, details: Any, hints: Any) -> None:
        self.calls.append((hook_context.flag_key, details.variant, hook_context.client_metadata.domain))
        if self.fails:
            raise ZeroDivisionError


async def test_a_hosts_hooks_see_our_evaluations_with_our_domain(tmp_path: Path) -> None:
    seen = Seen()
    add_hooks([seen])
    flags = await from_file(tmp_path, meta_planning("on"))
    await flags.read(META_PLANNING, TaskContext())
    assert seen.calls == [(META_PLANNING, "on", "supervisor")]


async def test_a_hosts_hook_that_fails_leaves_settings_and_default(tmp_path: Path) -> None:
    add_hooks([Seen(fails=True)])
    flags = await from_file(tmp_path, meta_planning("on"))
    read = await flags.read(META_PLANNING, TaskContext())
    assert (read.value, read.reading.reason) == (False, "ERROR")


async def test_a_host_takes_its_provider_back_with_one_that_does_nothing(tmp_path: Path) -> None:
    flags = await from_file(tmp_path, meta_planning("on"))
    api.set_provider(provider(False), domain="supervisor")
    assert (await flags.read(META_PLANNING, TaskContext())).value is False
    api.set_provider(NoOpProvider(), domain="supervisor")
    read = await flags.read(META_PLANNING, TaskContext())
    assert (read.value, read.provider) == (True, "flags.json")


async def test_unknown_flags_and_wrong_types_are_errors() -> None:
    flags = Flags("supervisor", {})
    with pytest.raises(ConfigurationError, match="unknown flag"):
        await flags.read("nope", TaskContext())
    with pytest.raises(ConfigurationError, match="wants a bool"):
        await flags.read(META_PLANNING, TaskContext(flags={META_PLANNING: "on"}))
    with pytest.raises(ConfigurationError, match="wants a bool") as caught:
        Flags("supervisor", {META_PLANNING: "on"})
    assert caught.value.where == "flags.values.meta-planning"


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ([("a b", True)], "can't be the key"),
        ([("a", None)], "is a NoneType"),
        ([("a", "x", "", ("y",))], "has no value 'x'"),
        ([("a", True), ("a", False)], "declared twice"),
    ],
)
def test_a_declaration_that_can_not_be_is_refused(declared: list[tuple[Any, ...]], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Flags("supervisor", {}, declarations=[FlagDeclaration(*each) for each in declared])


async def test_flags_of_the_hosts_own_of_every_type(tmp_path: Path) -> None:
    declared = [
        FlagDeclaration("tone", "casual", "how letters sound"),
        FlagDeclaration("turns", 3),
        FlagDeclaration("share", 0.5),
    ]
    document = {
        "flags": {
            "turns": {"state": "ENABLED", "variants": {"few": 2}, "defaultVariant": "few"},
            "share": {"state": "ENABLED", "variants": {"all": 1}, "defaultVariant": "all"},
        }
    }
    flags = await from_file(tmp_path, document, {"tone": "formal", "extra": 7}, declarations=declared)
    assert flags.keys == ("extra", "share", "tone", "turns")
    values = {key: (await flags.read(key, TaskContext())).value for key in flags.keys}
    assert values == {"extra": 7, "share": 1.0, "tone": "formal", "turns": 2}
    assert isinstance(values["share"], float)


async def test_made_up_values_make_no_metrics_without_end() -> None:
    flags = Flags("supervisor", {}, declarations=[FlagDeclaration("tone", "casual"), FlagDeclaration("loud", False)])
    labels = {(await flags.read("tone", TaskContext(flags={"tone": f"made up {index}"}))).label for index in range(5)}
    assert labels == {"unnamed"}
    assert (await flags.read("loud", TaskContext(flags={"loud": True}))).label == "on"


async def test_probe_tells_what_answers(tmp_path: Path) -> None:
    flags = await from_file(tmp_path, meta_planning("on"))
    assert (await flags.probe()).detail == "6 known, from flags.json"
    write(tmp_path / "flags.json", "{")
    with pytest.raises(ConfigurationError, match="meanwhile the last good set holds"):
        await flags.probe()


async def test_error_codes_other_than_a_missing_flag_are_told() -> None:
    class Confused(Blocking):
        def _resolve(self, flag_key: str, default_value: Any, evaluation_context: Any = None) -> Any:
            return FlagResolutionDetails(True, error_code=ErrorCode.PARSE_ERROR, reason=Reason.ERROR)

        resolve_boolean_details = _resolve

    api.set_provider(Confused(True), domain="supervisor")
    read = await Flags("supervisor", {}).read(META_PLANNING, TaskContext())
    assert (read.value, read.reading.reason) == (False, "ERROR")
    assert "PARSE_ERROR" in read.error
