"""The mountain trip with a model server, a CalDAV server, a broker and a weather service, on both engines.

Each service is once killed in the middle of the request: before it got what was meant for it, or after it did it and
before anybody heard of it. Whatever happens, the outcome is `success`, `partial` or names what failed; nothing is done
twice (counted on the servers) and nothing is told as done that was not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from icalendar import Calendar

from common.clock import SystemClock
from common.intents import IntentStatus
from common.results import Response
from common.settings import BreakerSettings, IntentSettings, ModelSettings, Settings
from events.catalogue.timer import TimerSet
from events.catalogue.trace import FallbackTaken, TraceEnded, TraceStarted
from supervisor import Supervisor
from supervisor.testing import offline_settings
from tests.roles.weather.open_meteo_stand_in import StandIn, serving
from tests.services.llmock_server import LLMockProcess, calls, says
from tests.services.mqtt_broker import Broker
from tests.services.radicale_server import OtherClient, RadicaleServer
from tests.services.simulated_devices import SimulatedDevices
from tests.services.tripwire import tripwire

TRIP = (
    "Plan a mountain trip to Zermatt for Saturday: check the weather, search for lodging, add it to my calendar, "
    "remind me an hour before and turn on the kitchen light"
)
ENGINES = [pytest.param(False, id="task_graph"), pytest.param(True, id="meta_planning")]
Moment = Literal["before", "after"]
MOMENTS: list[Moment] = ["before", "after"]
GRAPH = {
    "tasks": [
        {"id": "t1", "role": "weather", "request": "check the weather in Zermatt on Saturday"},
        {"id": "t2", "role": "search", "request": "search for lodging"},
        {"id": "t3", "role": "calendar", "request": "add mountain trip to my calendar on Saturday at 9"},
        {"id": "t4", "role": "timer", "request": "remind me an hour before", "depends_on": ["t3"]},
        {"id": "t5", "role": "smart_home", "request": "turn on the kitchen light"},
    ]
}
PLAN = {
    "plan": "1. weather\n2. lodging\n3. calendar\n4. light\n5. reminder",
    "selected_tools": ["weather.forecast", "search.documents", "calendar.add", "smart_home.set", "timer.remind"],
    "agent_system_prompt": "Do it.",
    "guidance_notes": "",
}
FIRST = calls(
    ("weather__forecast", {"place": "Zermatt", "when": "Saturday"}),
    ("search__documents", {"query": "lodging"}),
    ("calendar__add", {"subject": "mountain trip", "when": "Saturday at 9"}),
    ("smart_home__set", {"device": "kitchen light", "action": "on", "said": "turn on the kitchen light"}),
)
SECOND = calls(("timer__remind", {"subject": "mountain trip", "when": "an hour before"}))
LAST = says("Here is your trip to Zermatt.")
TOOLS = {"weather.forecast", "search.documents", "calendar.add", "timer.remind", "smart_home.set"}


def script(meta_planning: bool) -> list[dict[str, Any]]:
    """What the model says to the trip."""
    if meta_planning:
        return [calls(("PlannerOutput", PLAN)), FIRST, SECOND, LAST]
    return [calls(("TaskGraphOutput", GRAPH))]


@dataclass
class Services:
    """Servers of a test of their own, so that it may kill them."""

    llmock: LLMockProcess
    radicale: RadicaleServer
    calendar: OtherClient
    broker: Broker
    devices: SimulatedDevices
    weather: StandIn

    def settings(self, folder: Path, *, broker_timeout: float = 5, **ports: int) -> Settings:
        """All of them configured; `ports` name relays in front of some.

        Time-outs leave room for a machine where a server that starts again takes the others' processor; only a broker
        that is meant to be gone is given up sooner.
        """
        base = offline_settings(folder)
        origin = f"http://127.0.0.1:{ports.get('model', self.llmock.port)}/v1"
        tier = ModelSettings.model_validate(
            {"provider": "openai", "model": "mock", "base_url": origin, "timeout": 8, "retries": 1, "retry_delay": 0.01}
        )
        calendar = {
            "backend": "caldav",
            "caldav": {
                "url": f"http://127.0.0.1:{ports.get('calendar', self.radicale.process.port)}/",
                "account": {"username": "local", "password": "secret-of-local", "calendar": self.calendar.path},
                "timeout": 6,
            },
        }
        mqtt: dict[str, Any] = {"port": ports.get("broker", self.broker.port), "host": "127.0.0.1"}
        mqtt["timeout"] = broker_timeout
        mqtt["discovery_prefix"] = self.devices.prefix
        return Settings.model_validate(
            {
                **base.model_dump(),
                "models": {"fast": tier, "smart": tier},
                "model_breaker": BreakerSettings(failures=50),
                "calendar": calendar,
                "smart_home": {"backend": "mqtt", "mqtt": mqtt},
                "weather": {"forecast_url": self.weather.forecast_url, "geocoding_url": self.weather.geocoding_url},
                "intents": IntentSettings(timeout=2 * broker_timeout + 2, attempts=3),
            }
        )

    def lights_switched(self) -> int:
        """How often the kitchen light was told something."""
        return self.devices.count("kitchen light")

    def trips(self) -> list[datetime]:
        """When the trips in the calendar begin."""
        texts = self.calendar.version().values()
        return [event["DTSTART"].dt for text in texts for event in Calendar.from_ical(text).walk("VEVENT")]


@dataclass
class Processes:
    """The servers of this module, which its tests kill."""

    llmock: LLMockProcess
    radicale: RadicaleServer
    broker: Broker

    def revive(self) -> None:
        """Start whatever does not run."""
        for process in (self.llmock, self.radicale.process, self.broker):
            if not process.running:
                process.kill()
                process.start()

    def kill(self) -> None:
        for process in (self.llmock, self.radicale.process, self.broker):
            process.kill()


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    folder = tmp_path_factory.mktemp("services")
    found = Processes(LLMockProcess(folder), RadicaleServer(folder), Broker(folder))
    try:
        yield found
    finally:
        found.kill()


@pytest.fixture
def services(processes: Processes, tmp_path: Path) -> Iterator[Services]:
    """All servers running, with a calendar, devices and a weather of this test's own."""
    processes.revive()
    processes.llmock.reset()
    broker = processes.broker
    with (
        SimulatedDevices(broker.port, f"house{broker.port}-{tmp_path.name}") as devices,
        serving(datetime.now(UTC)) as weather,
    ):
        devices.small_house()
        devices.flush()
        calendar = processes.radicale.new_calendar()
        yield Services(processes.llmock, processes.radicale, calendar, broker, devices, weather)
        calendar.close()


async def ask(supervisor: Supervisor, meta_planning: bool) -> tuple[Response, list[Any]]:
    """The answer, and its trace, which is whole whatever happened."""
    context = {"flags": {"meta-planning": meta_planning}, "limits": {"wall_clock": 60}, "request_id": "trip"}
    response = await supervisor.process_request(TRIP, context)
    events: list[Any] = [entry.event for entry in (await supervisor.trace(response.trace_id)).events]
    assert isinstance(events[0], TraceStarted)
    assert isinstance(events[-1], TraceEnded)
    again = await supervisor.process_request(TRIP, context)
    assert again.trace_id == response.trace_id
    return response, events


def status(response: Response, kind: str) -> IntentStatus | None:
    found = [intent.status for intent in response.intents if intent.type.startswith(f"{kind}.")]
    assert len(found) <= 1, response.intents
    return found[0] if found else None


async def reminders(supervisor: Supervisor) -> list[datetime]:
    recorded = await supervisor.store.read_all(0, {TimerSet.TOPIC})
    return [entry.event.due_at for entry in recorded if isinstance(entry.event, TimerSet)]


@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_the_trip(services: Services, tmp_path: Path, meta_planning: bool) -> None:
    services.llmock.script(*script(meta_planning))
    async with Supervisor(services.settings(tmp_path), clock=SystemClock()) as supervisor:
        response, _ = await ask(supervisor, meta_planning)
        due = await reminders(supervisor)
    assert response.outcome == "success", response.text
    assert response.metadata.approach == ("meta_planning" if meta_planning else "task_graph")
    assert set(response.metadata.tools_used) == TOOLS
    assert "Zermatt" in response.text
    assert services.llmock.pending() == 0
    (start,) = services.trips()
    assert (start.weekday(), start.hour) == (5, 9)
    assert due == [start - timedelta(hours=1)]
    assert services.lights_switched() == 1
    assert services.devices["kitchen light"].json("state")["state"] == "ON"


@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_the_calendar_server_dies(services: Services, tmp_path: Path, meta_planning: bool, when: Moment) -> None:
    services.llmock.script(*script(meta_planning))
    process = services.radicale.process
    async with tripwire(process.port, b"PUT /", process.kill, when) as wire:
        settings = services.settings(tmp_path, calendar=wire.port)
        async with Supervisor(settings) as supervisor:
            response, _ = await ask(supervisor, meta_planning)
            assert wire.tripped
            process.start()
            trips = services.trips()
    assert response.outcome == "partial", response.text
    assert len(trips) == (1 if when == "after" else 0)
    assert status(response, "calendar") in (IntentStatus.UNCERTAIN, IntentStatus.FAILED)
    assert status(response, "calendar") is IntentStatus.UNCERTAIN or not trips
    assert "is in your calendar" not in response.text
    assert status(response, "smart_home") is IntentStatus.PROCESSED
    assert services.lights_switched() == 1


@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_the_calendar_server_dies_and_comes_back(
    services: Services, tmp_path: Path, meta_planning: bool, when: Moment
) -> None:
    services.llmock.script(*script(meta_planning))
    process = services.radicale.process

    def restart() -> None:
        process.kill()
        process.start()

    async with tripwire(process.port, b"PUT /", restart, when) as wire:
        async with Supervisor(services.settings(tmp_path, calendar=wire.port)) as supervisor:
            response, _ = await ask(supervisor, meta_planning)
        assert wire.tripped
    assert response.outcome == "success", response.text
    assert status(response, "calendar") is IntentStatus.PROCESSED
    assert len(services.trips()) == 1


@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_the_broker_dies(services: Services, tmp_path: Path, meta_planning: bool, when: Moment) -> None:
    services.llmock.script(*script(meta_planning))
    topic = f"{services.devices.base}/kitchen_light/light/set".encode()
    async with tripwire(services.broker.port, topic, services.broker.kill, when) as wire:
        async with Supervisor(services.settings(tmp_path, broker_timeout=2, broker=wire.port)) as supervisor:
            response, _ = await ask(supervisor, meta_planning)
        assert wire.tripped
    assert response.outcome == "partial", response.text
    assert status(response, "smart_home") in (IntentStatus.UNCERTAIN, IntentStatus.FAILED)
    assert "light is on" not in response.text
    assert services.lights_switched() <= 1
    if services.lights_switched():
        assert status(response, "smart_home") is IntentStatus.UNCERTAIN
    assert status(response, "calendar") is IntentStatus.PROCESSED
    assert len(services.trips()) == 1


@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_the_broker_dies_and_comes_back(services: Services, tmp_path: Path, meta_planning: bool) -> None:
    services.llmock.script(*script(meta_planning))
    topic = f"{services.devices.base}/kitchen_light/light/set".encode()

    def restart() -> None:
        services.broker.kill()
        services.broker.start()
        services.devices.wait_connected()

    async with tripwire(services.broker.port, topic, restart, "before") as wire:
        async with Supervisor(services.settings(tmp_path, broker_timeout=2, broker=wire.port)) as supervisor:
            response, _ = await ask(supervisor, meta_planning)
        assert wire.tripped
    assert services.lights_switched() <= 1
    lit = services.devices["kitchen light"].json("state")["state"] == "ON"
    assert (status(response, "smart_home") is IntentStatus.PROCESSED) == lit
    assert response.outcome == ("success" if lit else "partial"), response.text


@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize(("meta_planning", "call"), [(False, 1), (True, 1), (True, 2), (True, 3)])
async def test_the_model_server_dies(
    services: Services, tmp_path: Path, meta_planning: bool, call: int, when: Moment
) -> None:
    services.llmock.script(*script(meta_planning))
    seen = b"calendar__add" if call == 2 else b"tool_call_id" if call == 3 else b"POST /v1/chat/completions"
    async with AsyncExitStack() as stack:
        wire = await stack.enter_async_context(tripwire(services.llmock.port, seen, services.llmock.kill, when))
        supervisor = await stack.enter_async_context(Supervisor(services.settings(tmp_path, model=wire.port)))
        response, events = await ask(supervisor, meta_planning)
        assert wire.tripped
    assert response.outcome in ("success", "partial"), response.text
    assert any(isinstance(event, FallbackTaken) for event in events)
    assert len(services.trips()) == 1
    assert services.lights_switched() == 1
    assert status(response, "calendar") is IntentStatus.PROCESSED
    assert status(response, "smart_home") is IntentStatus.PROCESSED


@pytest.mark.parametrize("meta_planning", ENGINES)
async def test_the_weather_service_is_gone(services: Services, tmp_path: Path, meta_planning: bool) -> None:
    services.llmock.script(*script(meta_planning))
    settings = services.settings(tmp_path)
    nowhere = settings.weather.model_copy(update={"forecast_url": "http://127.0.0.1:9/forecast", "timeout": 0.5})
    async with Supervisor(settings.model_copy(update={"weather": nowhere})) as supervisor:
        response, _ = await ask(supervisor, meta_planning)
    assert response.outcome == "partial", response.text
    if not meta_planning:  # there the model words the answer
        assert "can't be reached" in response.text
    assert len(services.trips()) == 1
    assert services.lights_switched() == 1
