"""Talks an agent over with somebody before it is built: asks what is missing, shows what it would be, is corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import anyio.to_thread

from common.errors import BuildError, SupervisorError
from roles.builder.parts import Needs, Understanding
from roles.engineering.specification import DataSource, Specification

__all__ = ["Conversation", "Said", "Talk"]

_YES = frozenset({"y", "yes", "ok", "okay", "go", "build", "build it", "go on", "yes please", "do it", "fine"})
_NO = frozenset({"n", "no", "stop", "quit", "exit", "cancel", "never mind"})
_MAX_TURNS = 100


class Talk(StrEnum):
    """Where a conversation stands."""

    OPEN = "open"
    AGREED = "agreed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Said:
    """What is said to the person, and where that leaves the conversation.

    `specification` is YAML, once it is agreed; empty for what only a model can specify, where `text` is built from.
    """

    text: str
    state: Talk = Talk.OPEN
    specification: str = ""
    requirements: str = ""


class Conversation:
    """One conversation. `can_write` says whether a model is there for what no template covers."""

    def __init__(self, understanding: Understanding, sources: Sequence[DataSource], *, can_write: bool = False) -> None:
        self._understanding = understanding
        self._sources = sources
        self._can_write = can_write
        self._needs: Needs | None = None
        self._asked = ""
        self._specification = ""
        self._shown: Specification | None = None
        self._turns = 0

    def begin(self) -> str:
        """The first thing that is said."""
        tables = ", ".join(table.name for source in self._sources for table in source.tables)
        known = f" The database has the tables {tables}." if tables else " No database is configured."
        return f"What is the agent to do?{known}"

    async def hear(self, text: str) -> Said:
        """Take in an answer, a correction, yes or no. What can't be understood is said, and asked again."""
        self._turns += 1
        said = text.strip()
        plain = said.lower().rstrip(".!")
        if plain in _NO or self._turns > _MAX_TURNS:
            return Said("Nothing was built.", Talk.STOPPED)
        if not said:
            return Said("Please say it in a sentence, or “no” to stop.")
        if plain in _YES and self._is_ready():
            return Said("", Talk.AGREED, self._specification, self._asked)
        try:
            return await anyio.to_thread.run_sync(self._take, said)
        except BuildError as error:
            return Said(f"{error}\nPlease say it in other words, or “no” to stop.")
        except SupervisorError as error:
            return Said(f"{error}")

    def _is_ready(self) -> bool:
        return self._needs is not None and not self._needs.questions and bool(self._specification or self._asked)

    def _take(self, said: str) -> Said:
        understanding = self._understanding
        before = self._needs, self._asked, self._specification
        if self._needs is None:
            self._asked = said
            self._needs = understanding.analyze(said, self._sources)
        else:
            self._asked = f"{self._asked}\n{said}"
            self._needs = understanding.correct(self._needs, said, self._sources)
        needs, self._specification = self._needs, ""
        if needs.beyond:
            beyond = "; ".join(needs.beyond)
            if not self._can_write:
                self._needs, self._asked, self._specification = before
                raise BuildError(f"this is beyond what can be built without a model: {beyond}")
            return Said(f"{needs.summary()}\n\nThe model will write: {beyond}\n\nBuild it? Yes, no, or what to change.")
        if needs.questions:
            first = needs.questions[0]
            choices = f" ({', '.join(first.choices)})" if first.choices else ""
            return Said(f"{first.text}{choices}")
        plan = understanding.design(needs, self._sources)
        made = understanding.specify(needs, plan, self._sources)
        findings = understanding.check(made)
        if findings:
            self._needs, self._asked, self._specification = before
            raise BuildError("; ".join(str(one) for one in findings[:5]))
        self._specification = understanding.to_yaml(made)
        plain = made.model_copy(update={"request": "", "purpose": "", "assumptions": ()})
        unheard = ""
        if plain == self._shown:
            # the agent must not say that it was asked for what was never taken in
            unheard = "That changed nothing: say it in other words.\n\n"
            self._needs, self._asked, self._specification = before
            needs = self._needs or needs
        self._shown = plain
        return Said(
            f"{unheard}{needs.summary()}\n\n{plan.summary()}\n\n{self._specification}\n"
            "Build it? Yes, no, or what to change."
        )
