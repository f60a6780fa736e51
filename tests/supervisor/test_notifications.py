"""Notifications: to listeners, to the host, and to addresses through a gateway that can be broken."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from common.context import Owner
from common.errors import ConfigurationError
from common.health import Reached
from common.intents import Policy
from common.settings import IntentSettings, NotificationSettings, Settings
from common.telemetry import Metrics
from supervisor.doctor import examine
from supervisor.facade import Supervisor
from supervisor.notifications import Notification, Notifications, approval_command
from supervisor.notifiers.address import DeliveryFailed
from supervisor.notifiers.apprise_address import AppriseAddress
from supervisor.notifiers.opening import open_outbox
from supervisor.notifiers.outbox import Message, Outbox
from supervisor.testing import MovableClock, offline_settings
from tests.services.message_gateway import Arrived, MessageGateway, message_gateway
from tests.services.process import free_port

# Apprise's plugins import what newer Pythons are going to drop.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

LOCAL = Owner("default", "local")
ANNA = Owner("acme", "anna")
AT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


@pytest.fixture
def gateway() -> Generator[MessageGateway]:
    with message_gateway() as running:
        yield running


def told(text: str = "⏰ Tea: your 5 minute timer is done", owner: Owner = LOCAL, title: str = "Tea") -> Notification:
    return Notification("timer", title, text, AT, owner)


def settings_of(urls: Sequence[str] = (), owners: dict[str, Any] | None = None, **more: Any) -> NotificationSettings:
    return NotificationSettings.model_validate({"urls": urls, "owners": owners or {}, **more})


class Counting:
    """Metrics of their own, read by status."""

    def __init__(self) -> None:
        self.metrics = Metrics(CollectorRegistry())

    def __call__(self, status: str, kind: str = "timer") -> float:
        labels = {"kind": kind, "status": status}
        return self.metrics.registry.get_sample_value("supervisor_notifications_total", labels) or 0.0


@asynccontextmanager
async def delivering(settings: NotificationSettings, counting: Counting) -> AsyncGenerator[Notifications]:
    """Notifications whose outbox runs; left once everything was settled."""
    outbox = await open_outbox(settings, counting.metrics)
    notifications = Notifications(outbox=outbox)
    async with anyio.create_task_group() as group:
        for service in notifications.services():
            group.start_soon(service)
        yield notifications
        group.cancel_scope.cancel()
    await notifications.close()


async def until(condition: Any) -> None:
    with anyio.fail_after(10):
        while not condition():
            await anyio.sleep(0.01)


class Scripted:
    """An address that does what a list says: None takes the message, a text refuses it, an event is waited for."""

    def __init__(self, *script: str | threading.Event | None, place: str = "notifications.urls[0] (test)") -> None:
        self.place = place
        self.script = list(script)
        self.calls: list[str] = []
        self.taken: list[str] = []

    def send(self, title: str, text: str) -> None:
        self.calls.append(text)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, threading.Event):
            step.wait(10)
        elif step is not None:
            raise DeliveryFailed(step)
        self.taken.append(text)

    async def probe(self) -> Reached:
        return Reached()


@asynccontextmanager
async def running(outbox: Outbox) -> AsyncGenerator[None]:
    async with anyio.create_task_group() as group:
        group.start_soon(outbox.run)
        yield
        group.cancel_scope.cancel()


def outbox_to(
    *addresses: Scripted, counting: Counting | None = None, timeout: float = 5.0, queue: int = 10, tries: int = 3
) -> Outbox:
    counter = (counting or Counting()).metrics.notifications
    return Outbox({LOCAL: addresses}, counter, timeout=timeout, queue=queue, pauses=(0.01,) * (tries - 1))


class TestAddresses:
    @pytest.mark.parametrize("kind", ["json", "xml", "form"])
    async def test_a_notification_arrives_as_plain_text(self, gateway: MessageGateway, kind: str) -> None:
        text = "⏰ Buy <b>milk</b> & *bread* :smile: \\n"
        counting = Counting()
        async with delivering(settings_of([gateway.address(kind, "/mine")]), counting) as notifications:
            await notifications.send(told(text))
            await until(lambda: counting("delivered") == 1)
        assert gateway.arrived == [Arrived("/mine", "Tea", text)]

    async def test_nobody_gets_the_message_of_another(self, gateway: MessageGateway) -> None:
        owners = {
            "acme/anna": {"urls": [gateway.address("json", "/anna")]},
            "a%2Fb/c": {"urls": [gateway.address("json", "/slash")]},
        }
        counting = Counting()
        settings = settings_of([gateway.address("json", "/local")], owners)
        async with delivering(settings, counting) as notifications:
            people = [
                LOCAL,
                ANNA,
                Owner("acme", "local"),
                Owner("default", "anna"),
                Owner("a/b", "c"),
                Owner("a", "b/c"),
            ]
            for owner in people:
                await notifications.send(told("/".join(owner), owner))
            await until(lambda: counting("delivered") == 3)
        assert {(come.path, come.text) for come in gateway.arrived} == {
            ("/local", "default/local"),
            ("/anna", "acme/anna"),
            ("/slash", "a/b/c"),
        }
        assert len(gateway.arrived) == 3

    async def test_all_addresses_of_an_owner_are_told(self, gateway: MessageGateway) -> None:
        counting = Counting()
        urls = [gateway.address("json", "/one"), gateway.address("form", "/two")]
        async with delivering(settings_of(urls), counting) as notifications:
            await notifications.send(told())
            await until(lambda: counting("delivered") == 2)
        assert sorted(come.path for come in gateway.arrived) == ["/one", "/two"]

    async def test_what_acts_is_taken_out_and_what_is_long_is_cut(self, gateway: MessageGateway) -> None:
        counting = Counting()
        async with delivering(settings_of([gateway.address()]), counting) as notifications:
            await notifications.send(told("a\x1b[31mb\u202ec\x00\nnext" + "x" * 5000, title="t\ni\x07tle" * 100))
            await until(lambda: counting("delivered") == 1)
        (come,) = gateway.arrived
        assert come.text.startswith("a[31mbc\nnextx")
        assert (len(come.text), len(come.title)) == (2000, 200)
        assert come.title.startswith("t itlet itle")

    @pytest.mark.parametrize(
        "address", ["TOKENSECRET", "nonsense://TOKENSECRET", "slack://TOKENSECRET", "mailto://user:TOKENSECRET@", ""]
    )
    async def test_an_address_that_is_none_stops_the_start_without_its_secret(
        self, tmp_path: Path, address: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(1)
        notifications = settings_of(["json://127.0.0.1/ok"], {"acme/anna": {"urls": [address]}})
        supervisor = Supervisor(offline_settings(tmp_path).model_copy(update={"notifications": notifications}))
        with pytest.raises(ConfigurationError, match=r"notifications\.owners\.acme/anna\.urls\[0\]") as raised:
            await supervisor.start()
        assert "SECRET" not in f"{raised.value!r} {raised.value} {notifications!r} {caplog.text}"

    async def test_without_the_package_the_extra_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "apprise", None)
        with pytest.raises(ConfigurationError, match=r"agent-supervisor\[notifications\]"):
            await open_outbox(settings_of(["json://127.0.0.1"]), Counting().metrics)
        assert await open_outbox(settings_of(), Counting().metrics) is None

    @pytest.mark.parametrize("name", ["anna", "acme/", "/anna", "a/b/c", "default/local"])
    def test_a_key_that_names_no_other_owner_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match="owner"):
            settings_of(owners={name: {"urls": ["json://127.0.0.1"]}})

    async def test_a_gateway_that_is_down_costs_nobody_time_and_its_secrets_stay_out_of_the_log(
        self, gateway: MessageGateway, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(1)
        gateway.faults = [500]
        counting = Counting()
        url = gateway.address("json", "/hook/PATHSECRET", "bob:PASSSECRET@") + "?+X-Token=HEADSECRET"
        async with delivering(settings_of([url], timeout=5), counting) as notifications:
            await notifications.send(told("TEXTSECRET"))
            await until(lambda: gateway.requests == 1)
        assert [come.text for come in gateway.arrived] == ["TEXTSECRET"]
        assert counting("delivered") == 1
        assert "SECRET" not in caplog.text

    async def test_a_gateway_that_is_gone_is_a_failed_delivery(self) -> None:
        counting = Counting()
        url = SecretStr(f"json://127.0.0.1:{free_port()}/hook")
        address = await anyio.to_thread.run_sync(AppriseAddress, url, "notifications.urls[0]", 1.0)
        outbox = Outbox({LOCAL: [address]}, counting.metrics.notifications, timeout=2.0, queue=3, pauses=(0.01,))
        async with running(outbox):
            outbox.post(LOCAL, Message("alert", "t", "one"))
            await until(lambda: counting("failed", "alert") == 1)
        assert counting("delivered", "alert") == 0

    async def test_one_that_hangs_is_left_after_the_time_limit_and_tried_again(self, gateway: MessageGateway) -> None:
        gateway.faults = ["hang"]
        counting = Counting()
        url = SecretStr(gateway.address())
        address = await anyio.to_thread.run_sync(AppriseAddress, url, "notifications.urls[0]", 0.3)
        outbox = Outbox({LOCAL: [address]}, counting.metrics.notifications, timeout=5.0, queue=3, pauses=(0.01,))
        async with running(outbox):
            outbox.post(LOCAL, Message("timer", "t", "one"))
            await until(lambda: counting("delivered") == 1)
        assert [come.text for come in gateway.arrived] == ["one"]


class TestOutbox:
    async def test_a_failed_delivery_is_tried_again(self) -> None:
        counting = Counting()
        address = Scripted("busy", "busy")
        outbox = outbox_to(address, counting=counting)
        async with running(outbox):
            outbox.post(LOCAL, Message("timer", "t", "one"))
            outbox.post(LOCAL, Message("timer", "t", "two"))
            await until(lambda: counting("delivered") == 2)
        assert (address.calls, address.taken) == (["one", "one", "one", "two"], ["one", "two"])

    async def test_it_is_given_up_after_the_last_try(self, caplog: pytest.LogCaptureFixture) -> None:
        counting = Counting()
        address = Scripted("it is full", "it is full", "it is full")
        outbox = outbox_to(address, counting=counting)
        async with running(outbox):
            outbox.post(LOCAL, Message("timer", "t", "SECRET"))
            outbox.post(LOCAL, Message("timer", "t", "next"))
            await until(lambda: counting("delivered") == 1)
        assert (address.taken, counting("failed")) == (["next"], 1)
        assert caplog.messages == [
            "notifications.urls[0] (test): a timer was not delivered in 3 tries: it is full",
        ]

    async def test_an_address_that_raises_anything_keeps_its_lane(self, caplog: pytest.LogCaptureFixture) -> None:
        class Broken(Scripted):
            def send(self, title: str, text: str) -> None:
                if not self.calls:
                    self.calls.append(text)
                    raise ValueError("json://user:SECRET@host")
                super().send(title, text)

        counting = Counting()
        address = Broken()
        outbox = outbox_to(address, counting=counting, tries=1)
        async with running(outbox):
            outbox.post(LOCAL, Message("timer", "t", "one"))
            outbox.post(LOCAL, Message("timer", "t", "two"))
            await until(lambda: counting("delivered") == 1)
        assert address.taken == ["two"]
        assert "ValueError" in caplog.text
        assert "SECRET" not in caplog.text

    async def test_one_that_hangs_holds_up_nobody_else(self) -> None:
        release = threading.Event()
        hanging, well, counting = Scripted(release), Scripted(place="notifications.urls[1] (test)"), Counting()
        outbox = outbox_to(hanging, well, counting=counting)
        async with running(outbox):
            for text in ("one", "two"):
                outbox.post(LOCAL, Message("timer", "t", text))
            await until(lambda: well.taken == ["one", "two"])
            assert hanging.calls == ["one"]
            release.set()
            await until(lambda: hanging.taken == ["one", "two"])

    async def test_a_delivery_that_ends_late_is_not_made_twice(self) -> None:
        release = threading.Event()
        address, counting = Scripted(release), Counting()
        outbox = outbox_to(address, counting=counting, timeout=0.05, tries=50)
        async with running(outbox):
            outbox.post(LOCAL, Message("timer", "t", "one"))
            await until(lambda: address.calls == ["one"])
            await anyio.sleep(0.2)  # longer than two tries take
            release.set()
            await until(lambda: counting("delivered") == 1)
        assert (address.calls, address.taken) == (["one"], ["one"])

    async def test_a_full_queue_drops_the_newest_and_says_so(self, caplog: pytest.LogCaptureFixture) -> None:
        release = threading.Event()
        address, counting = Scripted(release), Counting()
        outbox = outbox_to(address, counting=counting, queue=2)
        async with running(outbox):
            for text in ("one", "two", "three", "four"):
                outbox.post(LOCAL, Message("timer", "t", text))
            release.set()
            await until(lambda: address.taken == ["one", "two"])
        assert counting("dropped") == 2
        assert (
            caplog.messages == ["notifications.urls[0] (test): 2 notifications wait already; a timer was dropped"] * 2
        )

    async def test_closing_delivers_what_waits_and_nothing_twice(self) -> None:
        release = threading.Event()
        address, counting = Scripted(release), Counting()
        outbox = outbox_to(address, counting=counting)
        async with running(outbox):
            outbox.post(LOCAL, Message("timer", "t", "one"))
            outbox.post(LOCAL, Message("timer", "t", "two"))
            await until(lambda: address.calls == ["one"])
        release.set()  # the delivery under way outlasted the task that started it
        await outbox.close(5)
        assert (address.calls, counting("delivered")) == (["one", "two"], 2)

    async def test_closing_is_bounded(self, caplog: pytest.LogCaptureFixture) -> None:
        release = threading.Event()
        address, counting = Scripted(release), Counting()
        outbox = outbox_to(address, counting=counting)
        outbox.post(LOCAL, Message("timer", "t", "one"))
        outbox.post(LOCAL, Message("timer", "t", "two"))
        await outbox.close(0.05)
        release.set()
        assert counting("dropped") == 2
        assert caplog.messages == ["notifications.urls[0] (test): 2 notifications were not delivered before the end"]


class TestSupervisor:
    """The whole way: what people ask for, up to the gateway."""

    @staticmethod
    def settings(folder: Path, gateway: MessageGateway, **more: Any) -> Settings:
        notifications = settings_of(
            [gateway.address("json", "/local")], {"acme/anna": {"urls": [gateway.address("json", "/anna")]}}, timeout=5
        )
        return offline_settings(folder).model_copy(update={"notifications": notifications, **more})

    async def test_a_timer_that_goes_off_arrives_at_its_owner(
        self, tmp_path: Path, gateway: MessageGateway, movable_clock: MovableClock
    ) -> None:
        heard: list[Notification] = []

        async def host(notification: Notification) -> None:
            heard.append(notification)

        async with Supervisor(self.settings(tmp_path, gateway), clock=movable_clock, notifier=host) as supervisor:
            for person in ({}, {"tenant": "acme", "user": "anna"}, {"tenant": "acme", "user": "eve"}):
                response = await supervisor.process_request("set a timer for 5 minutes", person)
                assert response.outcome == "success", response.text
            movable_clock.move(timedelta(minutes=5))
            await until(lambda: len(heard) == 3 and len(gateway.arrived) == 2)
        text = "⏰ Your 5 minute timer is done"
        assert sorted((come.path, come.text) for come in gateway.arrived) == [("/anna", text), ("/local", text)]

    async def test_an_approval_arrives_with_how_to_approve(self, tmp_path: Path, gateway: MessageGateway) -> None:
        settings = self.settings(tmp_path, gateway, intents=IntentSettings(policies={"timer.set_timer": Policy.ASK}))
        async with Supervisor(settings) as supervisor:
            response = await supervisor.process_request("set a timer for 5 minutes", {"tenant": "acme", "user": "anna"})
            assert response.outcome == "awaiting_approval"
            await until(lambda: gateway.arrived)
        (come,) = gateway.arrived
        intent = response.intents[0]
        assert come.path == "/anna"
        assert come.text.endswith(f"agent-supervisor approvals approve {intent.id} --tenant acme --user anna")
        assert intent.detail in come.text

    async def test_without_loops_it_is_delivered_at_the_end(self, tmp_path: Path, gateway: MessageGateway) -> None:
        settings = self.settings(tmp_path, gateway, intents=IntentSettings(policies={"timer.set_timer": Policy.ASK}))
        async with Supervisor(settings, background=False) as supervisor:
            await supervisor.process_request("set a timer for 5 minutes")
            assert gateway.arrived == []
        assert [come.path for come in gateway.arrived] == ["/local"]

    async def test_a_hanging_gateway_delays_neither_timers_nor_requests(
        self, tmp_path: Path, gateway: MessageGateway, movable_clock: MovableClock
    ) -> None:
        gateway.faults = ["hang"]
        heard: list[Notification] = []

        async def host(notification: Notification) -> None:
            heard.append(notification)

        async with Supervisor(self.settings(tmp_path, gateway), clock=movable_clock, notifier=host) as supervisor:
            for minutes in (2, 3, 4):
                await supervisor.process_request(f"set a timer for {minutes} minutes")
            movable_clock.move(timedelta(minutes=4))
            await until(lambda: len(heard) == 3)
            assert gateway.arrived == []
            assert (await supervisor.process_request("set a timer for 9 minutes")).outcome == "success"
            gateway.release.set()
            await until(lambda: len(gateway.arrived) == 3)
        assert sorted(come.text for come in gateway.arrived) == sorted(told.text for told in heard)

    async def test_the_doctor_asks_the_addresses_without_sending(self, tmp_path: Path, gateway: MessageGateway) -> None:
        async with Supervisor(self.settings(tmp_path, gateway), background=False) as supervisor:
            found = {diagnosis.part: diagnosis for diagnosis in await supervisor.doctor()}
        assert found["notifications"].status == "reached"
        assert "notifications.owners.acme/anna.urls[0] (json) takes connections" in found["notifications"].detail
        assert gateway.requests == 0

    async def test_the_doctor_names_the_address_that_is_gone(self, gateway: MessageGateway) -> None:
        urls = [gateway.address(), f"json://user:SECRET@127.0.0.1:{free_port()}/SECRET", "ntfy://ntfy.example/SECRET"]
        outbox = await open_outbox(settings_of(urls, timeout=2), Counting().metrics)
        (diagnosis,) = await examine(Notifications(outbox=outbox).health_checks())
        assert (diagnosis.status, diagnosis.detail) == (
            "unreachable",
            "notifications.urls[1] (json): nobody takes connections there",
        )
        assert Notifications().health_checks() == ()


def test_the_command_is_one_that_a_shell_takes() -> None:
    assert approval_command("i1", LOCAL) == "agent-supervisor approvals approve i1"
    hostile = approval_command("i1", Owner("acme", "anna; rm -rf /"))
    assert hostile == "agent-supervisor approvals approve i1 --tenant acme --user 'anna; rm -rf /'"


async def test_a_hosts_notifier_that_fails_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    async def failing(notification: Notification) -> None:
        raise RuntimeError("no")

    address, counting = Scripted(), Counting()
    notifications = Notifications(failing, outbox=outbox_to(address, counting=counting))
    with caplog.at_level(logging.ERROR):
        await notifications.send(told("still"))
    await notifications.close()
    assert (address.taken, counting("delivered")) == (["still"], 1)
