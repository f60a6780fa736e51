"""What tests of shadows and of the guard share: flags that are on, a model that can't plan for one engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio

from llm_provider.offline.model import OfflineModel
from tests.llm_provider.scripted_model import says

PLANNED = "set a timer for 5 minutes and turn on the kitchen light"


class NoAgents(OfflineModel):
    """The offline model, which chats instead of configuring an agent while `fails` says so."""

    def __init__(self, fails: Callable[[], bool] = lambda: True) -> None:
        super().__init__()
        self._fails = fails

    async def stream(self, messages: Any, tool_specs: Any = None, system_prompt: Any = None, **named: Any) -> Any:
        asked_to_plan = any(spec["name"] == "PlannerOutput" for spec in tool_specs or ())
        if asked_to_plan and self._fails():
            async for chunk in says("I would rather not.")():
                yield chunk
            return
        async for chunk in super().stream(messages, tool_specs, system_prompt, **named):
            yield chunk


def write_flags(folder: Path, **flags: Any) -> None:
    """Definitions of boolean flags: a share of requests in percent, or on and off."""
    definitions: dict[str, Any] = {}
    for key, value in flags.items():
        definition: dict[str, Any] = {"state": "ENABLED", "variants": {"on": True, "off": False}}
        if isinstance(value, bool):
            definition["defaultVariant"] = "on" if value else "off"
        else:
            definition |= {"defaultVariant": "off", "targeting": {"fractional": [["on", value], ["off", 100 - value]]}}
        definitions[key.replace("_", "-")] = definition
    (folder / "flags.json").write_text(json.dumps({"flags": definitions}))


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not condition():
            await anyio.sleep(0.01)
