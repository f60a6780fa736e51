"""A role of a host that plays a function, and settings under which the router knows it at once."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import ClassVar

from common.intents import Effect, Intent, IntentExecution, IntentHandler, IntentResult
from common.results import RoleResult
from common.run_context import RunContext
from common.settings import Settings
from common.tool import Tool
from roles.scorer.learning import NewRole, learn, store
from roles.scorer.scorer import Scorer
from supervisor.testing import offline_settings


class Mark(Intent):
    TYPE: ClassVar[str] = "test.mark"
    text: str


class MarkHandler:
    intent_type = Mark
    effect = Effect.LOG

    async def carry_out(self, intent: Intent, execution: IntentExecution) -> IntentResult:
        return IntentResult(f"marked {intent.model_dump()['text']}")

    async def happened(self, intent: Intent, execution: IntentExecution) -> IntentResult | None:
        return None


Script = Callable[[str, RunContext], Awaitable[RoleResult]]


@dataclass
class ScriptedRole:
    """A role that plays a function."""

    script: Script
    name: str = "scripted"
    description: str = "plays a script"
    examples: Sequence[str] = ("play the script", "run the scripted thing", "scripted please")
    tools: Sequence[Tool] = ()
    intent_handlers: Sequence[IntentHandler] = field(default_factory=lambda: [MarkHandler()])

    async def execute(self, request: str, run: RunContext) -> RoleResult:
        return await self.script(request, run)


@cache
def _learned() -> Path:
    """The classifier fitted once for all tests, as a cache folder of a supervisor."""
    folder = Path(mkdtemp(prefix="scripted-role-"))
    role = NewRole("scripted", ScriptedRole.description, tuple(ScriptedRole.examples))
    store(folder, [role], str(Scorer.load().shipped.facts["corpus"]), learn([role]))
    return folder


def settings_that_know_the_role(folder: Path) -> Settings:
    """Offline settings in `folder`, with the scripted role learned beforehand."""
    shutil.copytree(_learned(), folder / "cache", dirs_exist_ok=True)
    return offline_settings(folder)
