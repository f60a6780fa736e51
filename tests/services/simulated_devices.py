"""A house of devices that announce themselves as Home Assistant's MQTT discovery has it, and answer commands by states.

They are a client of their own on a thread of their own: what they do needs nothing of what is tested.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

__all__ = ["Device", "SimulatedDevices"]

_SECONDS = 10.0
Configuration = dict[str, Any]
Answer = Callable[["Device", str, str], None]


@dataclass
class Device:
    """One device: how it announces itself, how it answers a command, and how it may misbehave.

    `delay` are the seconds after which it tells its new state; `silent` ones never do and change nothing; `commands`
    are all that it received, as (topic, payload).
    """

    name: str
    component: str
    configuration: Configuration
    states: dict[str, str]
    answer: Answer
    delay: float = 0.0
    silent: bool = False
    available: bool = True
    commands: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def identity(self) -> str:
        return self.name.replace(" ", "_")

    def json(self, topic: str) -> Any:
        """What it keeps at the broker as its state."""
        return json.loads(self.states[topic])


class SimulatedDevices:
    """The devices below one discovery prefix; `base` is where their own topics are."""

    def __init__(self, port: int, prefix: str, *, base: str | None = None, retain: bool = True) -> None:
        self.prefix = prefix
        self.base = base or f"{prefix}-devices"
        self.devices: dict[str, Device] = {}
        self._retain = retain
        self._port = port
        self._lock = threading.RLock()
        self._timers: list[threading.Timer] = []
        self._connected = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"devices-{id(self)}")
        self._client.will_set(f"{self.base}/status", "offline", qos=1, retain=True)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = lambda *_: self._connected.clear()
        self._client.on_message = self._on_message

    def __enter__(self) -> SimulatedDevices:
        self._client.connect("127.0.0.1", self._port, keepalive=10)
        self._client.loop_start()
        assert self._connected.wait(_SECONDS)
        self.flush()
        return self

    def __exit__(self, *_: object) -> None:
        for timer in self._timers:
            timer.cancel()
        self._client.disconnect()
        self._client.loop_stop()

    def __getitem__(self, name: str) -> Device:
        return self.devices[name]

    def drop(self) -> None:
        """Let the connection break without a word, so that the broker gives their will."""
        self._client.loop_stop()
        connection = self._client.socket()
        assert connection is not None
        connection.close()

    def wait_connected(self) -> None:
        """Until they are there again after their broker was."""
        assert self._connected.wait(_SECONDS)
        self.flush()

    def flush(self) -> None:
        """Until the broker has everything that they said."""
        self._client.publish(f"{self.base}/flushed", "", qos=1).wait_for_publish(_SECONDS)

    def publish(self, topic: str, payload: str | bytes, *, retain: bool = True) -> None:
        """Say anything."""
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(_SECONDS)

    def add(self, device: Device) -> Device:
        """Announce a device and its state."""
        with self._lock:
            self.devices[device.name] = device
            if self._connected.is_set():
                self._announce(device)
        return device

    def remove(self, name: str) -> None:
        """Take a device away, as Home Assistant has it: an empty announcement."""
        device = self.devices.pop(name)
        self.publish(self._discovery(device), "")

    def set_available(self, name: str, available: bool) -> None:
        """Let a device go, or come back."""
        device = self.devices[name]
        device.available = available
        self.publish(f"{self.base}/{device.identity}/status", "online" if available else "offline")

    def change(self, name: str, **states: Any) -> None:
        """Somebody changes a device by hand: topics (of the device) and their new texts or objects."""
        device = self.devices[name]
        for topic, value in states.items():
            text = value if isinstance(value, str) else json.dumps(value)
            self.report(device, topic, text)
        self.flush()

    def report(self, device: Device, topic: str, text: str) -> None:
        """Tell a state."""
        device.states[topic] = text
        self._client.publish(f"{self.base}/{device.identity}/{topic}", text, qos=1, retain=self._retain)

    def count(self, name: str) -> int:
        """How many commands a device received."""
        return len(self.devices[name].commands)

    def wait_for_command(self, name: str, count: int = 1) -> None:
        """Until a device received that many commands."""
        deadline = time.monotonic() + _SECONDS
        while self.count(name) < count:
            assert time.monotonic() < deadline, f"{name} received {self.devices[name].commands}"
            time.sleep(0.01)

    def _discovery(self, device: Device) -> str:
        return f"{self.prefix}/{device.component}/{device.identity}/config"

    def _announce(self, device: Device) -> None:
        base = f"{self.base}/{device.identity}"
        configuration: Mapping[str, Any] = {
            "unique_id": device.identity,
            "~": base,
            "availability": [{"topic": "~/status"}, {"topic": f"{self.base}/status"}],
            "availability_mode": "all",
            **device.configuration,
        }
        self._client.subscribe(f"{base}/+/set", 1)
        self._client.publish(self._discovery(device), json.dumps(configuration), qos=1, retain=True)
        self._client.publish(f"{base}/status", "online" if device.available else "offline", qos=1, retain=True)
        for topic, text in device.states.items():
            self._client.publish(f"{base}/{topic}", text, qos=1, retain=self._retain)

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        with self._lock:
            for device in self.devices.values():
                self._announce(device)
            client.publish(f"{self.base}/status", "online", qos=1, retain=True)
            self._connected.set()

    def _on_message(self, _: mqtt.Client, __: Any, message: mqtt.MQTTMessage) -> None:
        identity, topic = message.topic.removeprefix(f"{self.base}/").split("/")[:2]
        text = message.payload.decode()
        with self._lock:
            device = next((one for one in self.devices.values() if one.identity == identity), None)
            if device is None:
                return
            device.commands.append((topic, text))
            if device.silent:
                return
            if device.delay:
                timer = threading.Timer(device.delay, device.answer, (device, topic, text))
                timer.daemon = True
                self._timers.append(timer)
                timer.start()
            else:
                device.answer(device, topic, text)

    def light(self, name: str, *, room: str = "", **more: Any) -> Device:
        """A light of schema json with brightness and colour."""

        def answer(device: Device, _: str, text: str) -> None:
            asked = json.loads(text)
            self.report(device, "state", json.dumps({**device.json("state"), **asked}))

        configuration: Configuration = {
            "name": None, "schema": "json", "cmd_t": "~/light/set", "stat_t": "~/state", "brightness": True,
            "brightness_scale": 254, "supported_color_modes": ["xy", "color_temp"],
            "dev": {"ids": [name], "name": name.title(), "sa": room.title()}, **more,
        }  # fmt: skip
        states = {"state": json.dumps({"state": "OFF", "brightness": 254})}
        return self.add(Device(name, "light", configuration, states, answer))

    def switch(self, name: str, *, room: str = "", **more: Any) -> Device:
        """A switch whose state is one property of an object."""

        def answer(device: Device, _: str, text: str) -> None:
            self.report(device, "state", json.dumps({"relay": {"power": text}}))

        configuration: Configuration = {
            "name": name, "command_topic": "~/power/set", "state_topic": "~/state",
            "value_template": "{{ value_json.relay['power'] | upper }}",
            "device": {"identifiers": name, "suggested_area": room}, **more,
        }  # fmt: skip
        return self.add(
            Device(name, "switch", configuration, {"state": json.dumps({"relay": {"power": "OFF"}})}, answer)
        )

    def blind(self, name: str, *, room: str = "", seconds: float = 0.1, **more: Any) -> Device:
        """A cover with positions, which takes a while to get there."""

        def answer(device: Device, topic: str, text: str) -> None:
            goal = {"OPEN": 100, "CLOSE": 0}.get(text)
            goal = int(text) if goal is None else goal
            upward = goal > int(device.states["position"])
            self.report(device, "state", "opening" if upward else "closing")
            timer = threading.Timer(seconds, self._arrive, (device, goal))
            timer.daemon = True
            self._timers.append(timer)
            timer.start()

        configuration: Configuration = {
            "name": name, "cmd_t": "~/move/set", "stat_t": "~/state", "pos_t": "~/position",
            "set_pos_t": "~/position/set", "dev": {"ids": [name], "sa": room}, **more,
        }  # fmt: skip
        return self.add(Device(name, "cover", configuration, {"state": "open", "position": "100"}, answer))

    def _arrive(self, device: Device, goal: int) -> None:
        self.report(device, "position", str(goal))
        self.report(device, "state", "closed" if goal == 0 else "open")

    def thermostat(self, name: str, *, room: str = "", **more: Any) -> Device:
        """A climate entity with a target and what it measures."""

        def answer(device: Device, _: str, text: str) -> None:
            self.report(device, "climate", json.dumps({**device.json("climate"), "setpoint": float(text)}))

        configuration: Configuration = {
            "name": name, "temp_cmd_t": "~/target/set", "temp_stat_t": "~/climate",
            "temp_stat_tpl": "{{ value_json.setpoint }}", "curr_temp_t": "~/climate",
            "curr_temp_tpl": "{{ value_json.local_temperature | round(1) }}", "min_temp": 5, "max_temp": 30,
            "modes": ["off", "heat"], "dev": {"ids": [name], "sa": room}, **more,
        }  # fmt: skip
        states = {"climate": json.dumps({"setpoint": 20, "local_temperature": 20.54})}
        return self.add(Device(name, "climate", configuration, states, answer))

    def lock(self, name: str, *, room: str = "", **more: Any) -> Device:
        """A lock."""

        def answer(device: Device, _: str, text: str) -> None:
            self.report(device, "state", {"LOCK": "LOCKED", "UNLOCK": "UNLOCKED"}[text])

        configuration: Configuration = {
            "name": name, "cmd_t": "~/lock/set", "stat_t": "~/state", "dev": {"ids": [name], "sa": room}, **more,
        }  # fmt: skip
        return self.add(Device(name, "lock", configuration, {"state": "LOCKED"}, answer))

    def sensor(self, name: str, *, room: str = "", **more: Any) -> Device:
        """A thermometer."""
        configuration: Configuration = {
            "name": name, "stat_t": "~/state", "val_tpl": "{{ value_json.temperature }}", "unit_of_meas": "°C",
            "dev_cla": "temperature", "dev": {"ids": [name], "sa": room}, **more,
        }  # fmt: skip
        states = {"state": json.dumps({"temperature": 18.5, "battery": 97})}
        return self.add(Device(name, "sensor", configuration, states, lambda *_: None))

    def small_house(self) -> SimulatedDevices:
        """One device of each kind."""
        self.light("kitchen light", room="kitchen")
        self.switch("coffee machine", room="kitchen")
        self.blind("bedroom blinds", room="bedroom")
        self.thermostat("thermostat", room="living room")
        self.lock("front door", room="hallway")
        self.sensor("bedroom sensor", room="bedroom")
        return self
