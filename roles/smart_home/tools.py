"""The smart home's tools: set, query and list the devices of the house, activate scenes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from common.context import Owner, TaskContext
from common.errors import ToolError
from common.language.relevance import similarity
from common.language.words import stem, tokenize
from common.tool import Choices, Tool, ToolContext, ToolResult
from roles.questions import is_question
from roles.smart_home import utterances
from roles.smart_home.answers import answer
from roles.smart_home.arguments import ACTIONS, ListArguments, QueryArguments, SceneArguments, SetArguments
from roles.smart_home.backend import HouseBackend, HouseError
from roles.smart_home.changes import next_state
from roles.smart_home.choosing import CannotTell, choose
from roles.smart_home.house import House, State, normal_state
from roles.smart_home.intents import ActivateScene, SetDevice
from roles.smart_home.targets import find_targets
from roles.smart_home.things import device_things, devices_meant
from roles.smart_home.timing import later_words
from roles.smart_home.wishes import Wish, read_wish
from roles.smart_home.words import changes_words, sentence, state_words

__all__ = ["SmartHomeTools"]

_LIKE = 0.5
_FEW = 5
"""Devices of an answer up to which each of them may be meant by “it” later."""


@dataclass(frozen=True, slots=True)
class _HouseChoices:
    """What the tools' arguments can be in one house."""

    set: Choices
    query: Choices
    scene: Choices
    list: Choices

    @classmethod
    def of(cls, house: House) -> _HouseChoices:
        """Those of a house."""
        devices = house.device_choices()
        actions = {name: list(words) for name, words in ACTIONS.items()}
        return cls(
            {"device": devices, "action": actions},
            {"device": devices},
            {"scene": house.scene_choices()},
            {"room": {room: [] for room in house.rooms}},
        )


class SmartHomeTools:
    """The tools over one house; changes are registered as intents with absolute states."""

    def __init__(self, backend: HouseBackend) -> None:
        self._backend = backend
        self._of_house: tuple[House, _HouseChoices] | None = None

    def tools(self) -> tuple[Tool, ...]:
        """All of them."""
        return (
            Tool(
                name="smart_home.set",
                description=(
                    "Turn devices of the house on or off, open, close, lock, dim or brighten them, "
                    "set their temperature"
                ),
                arguments=SetArguments,
                handler=self.set,
                utterances=utterances.SET,
                effect=True,
                choices=lambda context: self._choices(context).set,
                prepare=self._prepare,
            ),
            Tool(
                name="smart_home.query",
                description="Tell the state of a device of the house: on or off, open or closed, locked, temperature",
                arguments=QueryArguments,
                handler=self.query,
                utterances=utterances.QUERY,
                choices=lambda context: self._choices(context).query,
                prepare=self._prepare,
            ),
            Tool(
                name="smart_home.scene",
                description="Activate a scene of the house, such as movie night or leaving home",
                arguments=SceneArguments,
                handler=self.scene,
                utterances=utterances.SCENE,
                effect=True,
                choices=lambda context: self._choices(context).scene,
                prepare=self._prepare,
            ),
            Tool(
                name="smart_home.list",
                description="List the devices and scenes of the house",
                arguments=ListArguments,
                handler=self.list,
                utterances=utterances.LIST,
                choices=lambda context: self._choices(context).list,
                prepare=self._prepare,
            ),
        )

    def _choices(self, context: TaskContext) -> _HouseChoices:
        """The choices of the house as it is; made anew only when it became another one."""
        house = self._backend.house_of(context.owner)
        if self._of_house is None or self._of_house[0] is not house:
            self._of_house = (house, _HouseChoices.of(house))
        return self._of_house[1]

    async def _prepare(self, context: TaskContext) -> None:
        await self._backend.prepare(context.owner)

    async def set(self, arguments: SetArguments, context: ToolContext) -> ToolResult:
        """Register what is to be changed, resolved against the present state. A question changes nothing."""
        if is_question(arguments.said) and not context.meant:
            return await self.query(QueryArguments(device=arguments.device, said=arguments.said), context)
        wish = _wish(arguments)
        house, current = await self._expected(context)
        try:
            if when := later_words(arguments.said, context.context.now):
                raise CannotTell(f"I can only change devices at once, not “{when}”. Ask me then, or set a reminder.")
            if wish.negated:
                raise CannotTell("I leave it as it is.")
            if wish.empty:
                return await self._scene_or_ask(arguments, house, context)
            names = devices_meant(context.meant, house)
            names = names or choose(arguments.said, arguments.device, wish, house, current)
            states = self._next(names, wish, house, current)
        except CannotTell as reason:
            return ToolResult(ok=False, text=str(reason))
        intent = SetDevice(states=states)
        await context.register_intent(intent)
        return ToolResult(text=f"I am going to {intent.summary()}.", data={"states": dict(states)})

    @staticmethod
    def _next(
        names: tuple[str, ...], wish: Wish, house: House, current: Mapping[str, State]
    ) -> dict[str, dict[str, JsonValue]]:
        """The absolute states; of several devices those that can do it. Raises `CannotTell` where none can."""
        states: dict[str, dict[str, JsonValue]] = {}
        refusals: list[str] = []
        for name in names:
            change = next_state(house.devices[name], current[name], wish)
            if isinstance(change, str):
                refusals.append(change)
            elif problem := house.problem(name, change):
                refusals.append(sentence(problem))
            else:
                states[name] = change
        if not states:
            raise CannotTell(refusals[0])
        return states

    async def _scene_or_ask(self, arguments: SetArguments, house: House, context: ToolContext) -> ToolResult:
        """A scene's name is a wish too; else ask what shall be done."""
        if _named_scene(arguments.said, house) is not None:
            return await self.scene(SceneArguments(said=arguments.said), context)
        found = find_targets(arguments.said or arguments.device, house)
        what = f"with the {found.devices[0]}" if len(found.devices) == 1 else "with which device"
        return ToolResult(ok=False, text=f"What shall I do {what}? Say, for example, “turn on the kitchen light”.")

    async def query(self, arguments: QueryArguments, context: ToolContext) -> ToolResult:
        """Tell the present state, and what this very request is about to change of it."""
        house, states = await self._look(context.context.owner)
        meant = " and ".join(devices_meant(context.meant, house))
        shown = answer(arguments.said, meant or arguments.device, house, states)
        pending = self._pending(context)
        about = {name: pending[name] for name in shown.devices if name in pending}
        text = f"{shown.text} About to be changed: {changes_words(about)}." if about else shown.text
        data: dict[str, JsonValue] = {name: dict(states[name]) for name in shown.devices}
        facts = device_things(shown.devices[:_FEW]) if len(shown.devices) <= _FEW else ()
        return ToolResult(text=text, data=data, ok=shown.ok, facts=facts)

    async def scene(self, arguments: SceneArguments, context: ToolContext) -> ToolResult:
        """Register a scene's states."""
        house, _ = await self._look(context.context.owner)
        name = arguments.scene if arguments.scene in house.scenes else None
        name = name or _named_scene(arguments.said, house) or _named_scene(arguments.scene, house)
        scenes = ", ".join(house.scenes) or "none"
        if name is None:
            return ToolResult(ok=False, text=f"I know no such scene. Scenes: {scenes}.")
        if when := later_words(arguments.said, context.context.now):
            return ToolResult(ok=False, text=f"I can only change the house at once, not “{when}”.")
        states = {device: normal_state(state) for device, state in house.scenes[name].states.items()}
        if not states:
            return ToolResult(ok=False, text=f"The scene “{name}” sets no device.")
        if problem := next(filter(None, (house.problem(device, state) for device, state in states.items())), ""):
            return ToolResult(ok=False, text=f"The scene “{name}” can't be activated: {problem}.")
        await context.register_intent(ActivateScene(scene=name, states=states))
        return ToolResult(text=f"I am going to activate the scene “{name}”.", data={"scene": name})

    async def list(self, arguments: ListArguments, context: ToolContext) -> ToolResult:
        """The devices by room, with their states, and the scenes."""
        house, states = await self._look(context.context.owner)
        scenes = f"Scenes: {', '.join(house.scenes) or 'none'}"
        if re.search(r"\bscenes?\b", arguments.said, re.IGNORECASE):
            return ToolResult(text=f"{scenes}.", data=list(house.scenes))
        found = find_targets(arguments.said, house)
        rooms = (arguments.room,) if arguments.room in house.rooms else found.rooms
        devices = found.devices if found.devices != house.switchable(found.rooms) else ()
        names = tuple(name for name in devices or house.in_rooms(rooms) if name in house.in_rooms(rooms))
        lines: list[str] = []
        for room in dict.fromkeys(house.devices[name].room for name in names):
            shown = [f"{n} ({state_words(states[n])})" for n in names if house.devices[n].room == room]
            lines.append(f"{(room or 'elsewhere').capitalize()}: {'; '.join(shown)}")
        if not (rooms or devices) and house.scenes:
            lines.append(scenes)
        data: dict[str, JsonValue] = {name: dict(states[name]) for name in names}
        return ToolResult(text="\n".join(lines) or "There are no devices.", data=data)

    async def _look(self, owner: Owner) -> tuple[House, dict[str, State]]:
        """The house, and the present state of each of its devices."""
        try:
            states = await self._backend.states(owner)
        except HouseError as error:
            raise ToolError(error.what, where=error.where, todo=error.todo) from error
        return self._backend.house_of(owner), states

    async def _expected(self, context: ToolContext) -> tuple[House, dict[str, State]]:
        """The house once what this request registered before is done: what "brighter" counts from."""
        house, states = await self._look(context.context.owner)
        for name, state in self._pending(context).items():
            if name in states:
                states[name] = {**states[name], **state}
        return house, states

    @staticmethod
    def _pending(context: ToolContext) -> dict[str, State]:
        """What this request is about to change."""
        pending: dict[str, State] = {}
        for intent in context.pending(SetDevice, ActivateScene):
            if isinstance(intent, SetDevice | ActivateScene):
                for name, state in intent.states.items():
                    pending[name] = {**pending.get(name, {}), **state}
        return pending


def _wish(arguments: SetArguments) -> Wish:
    """What the user's words ask for; where they ask for nothing, what the other arguments say."""
    said = read_wish(arguments.said)
    if not said.empty or said.negated:
        return said
    words = [arguments.action or ""]
    if arguments.level is not None:
        words.append(f"to {arguments.level:g} percent")
    if arguments.temperature is not None:
        words.append(f"to {arguments.temperature:g} degrees")
    words.append(arguments.colour or "")
    return read_wish(" ".join(filter(None, words)))


def _named_scene(said: str, house: House) -> str | None:
    """The scene whose name or other word stands in the text, or is most like it."""
    stems = [stem(word) for word in tokenize(said).low if word[0].isalnum()]
    best: tuple[float, str] | None = None
    for name, aliases in house.scene_choices().items():
        for alias in (name, *aliases):
            words = [stem(word) for word in tokenize(alias).low if word[0].isalnum()]
            places = range(len(stems) - len(words) + 1)
            if words and any(stems[at : at + len(words)] == words for at in places):
                best = max(best or (0.0, name), (float(len(words)), name))
    if best is not None:
        return best[1]
    likest = max(((similarity(said, name), name) for name in house.scenes), default=(0.0, ""))
    return likest[1] if likest[0] >= _LIKE else None
