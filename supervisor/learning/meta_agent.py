"""`MetaAgent`: learning for any agents, by plain calls, with a store of its own or inside a supervisor.

Every call that waits has an async twin of the same name with ``_async`` behind it. The plain ones may be made from any
thread. Inside a running event loop they work too, and block it, but for a meta agent of a supervisor that runs in that
very loop: there they are refused, and the twins are awaited. What they return is plain data, as JSON has it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import anyio

from common.clock import Clock
from common.context import Owner
from common.errors import ConfigurationError, LearningError
from common.logs import get_logger
from common.owner_keys import DEFAULT_OWNER
from common.settings import Settings
from supervisor.learning.cycle import Progress
from supervisor.learning.integration import Learning
from supervisor.learning.learning_state import restore_state, take_state
from supervisor.learning.meta_agent_config import STATE_FILE, MetaAgentConfig
from supervisor.learning.meta_home import Home, OwnHome, SupervisorHome
from supervisor.learning.prompts import guide_prompt, original_prompt
from supervisor.learning.proposing import BY
from supervisor.learning.recording import TraceRecorder
from supervisor.learning.report_data import history_data, pattern_data, report_data, status_data, summary_data
from supervisor.learning.state_file import read_state, write_state

if TYPE_CHECKING:
    from supervisor.facade import Supervisor

__all__ = ["MetaAgent"]

_log = get_logger(__name__)
Result = TypeVar("Result")


class MetaAgent(TraceRecorder):
    """Collects traces, learns from them, and keeps the guidelines that come of it.

    It is a `TraceRecorder`: `collect_agent_trace`, `add_tool_call`, `add_thinking_step`, `end_agent_trace` and
    `report_outcome` record, and decorated functions record into it with ``with meta_agent.active():``.

    `settings` name the store (default: that of the default settings, an SQLite file); with a `supervisor` it works on
    that one's log. `config` is read by `MetaAgentConfig.load` where it is not given. Close it, or use it in a ``with``.
    Raises `ConfigurationError` and `StoreUnavailable` when the store can't be opened.
    """

    def __init__(
        self,
        config: MetaAgentConfig | None = None,
        *,
        settings: Settings | None = None,
        supervisor: Supervisor | None = None,
        owner: Owner = DEFAULT_OWNER,
        clock: Clock | None = None,
    ) -> None:
        if supervisor is not None and settings is not None:
            raise ConfigurationError("a meta agent has a supervisor or settings, not both", where="MetaAgent")
        self.config = config if config is not None else MetaAgentConfig.load()
        if self.config.log_level is not None and supervisor is None:
            logging.getLogger("supervisor.learning").setLevel(self.config.log_level.upper())
        self._home: Home = (
            SupervisorHome(supervisor)
            if supervisor is not None
            else OwnHome(settings if settings is not None else Settings(), self.config, clock)
        )
        super().__init__(self._home.store, owner, closing=self._home.close, clock=clock)

    @property
    def learning(self) -> Learning:
        """All that learning tells, as objects; its methods are awaited on the loop that it lives on."""
        return self._home.learning

    def start_learning_cycle(
        self, *, by: str = BY, fresh: bool = False, progress: Progress | None = None
    ) -> dict[str, Any]:
        """Learn now: as ``learn --json`` tells it, with `cycle` (its id), `refused` (why there was none) and `notes`.

        Waits for traces that ended to be in the log. Raises like `Learning.cycle`.
        """
        self.flush(self.config.ready_wait)
        return self._home.call(self._cycle, by, fresh, progress)

    async def start_learning_cycle_async(
        self, *, by: str = BY, fresh: bool = False, progress: Progress | None = None
    ) -> dict[str, Any]:
        """See `start_learning_cycle`; cancellation ends the cycle."""
        await self.flush_async(self.config.ready_wait)
        return await self._home.call_async(self._cycle, by, fresh, progress)

    async def _cycle(self, by: str, fresh: bool, progress: Progress | None) -> dict[str, Any]:
        report = await self._home.learning.cycle(by=by, fresh=fresh, progress=progress)
        more = {"cycle": report.cycle, "refused": report.refused, "notes": list(report.notes)}
        return {**report_data(report), **more}

    def get_learning_status(self) -> dict[str, Any]:
        """How learning stands; see `supervisor.learning.learning_status.LearningStatus`."""
        return self._home.call(self._status)

    async def get_learning_status_async(self) -> dict[str, Any]:
        """See `get_learning_status`."""
        return await self._home.call_async(self._status)

    async def _status(self) -> dict[str, Any]:
        return status_data(await self._home.learning.status())

    def get_pattern_summary(self) -> dict[str, Any]:
        """The patterns that hold, in figures and one by one under `patterns`."""
        return self._home.call(self._summary)

    async def get_pattern_summary_async(self) -> dict[str, Any]:
        """See `get_pattern_summary`."""
        return await self._home.call_async(self._summary)

    async def _summary(self) -> dict[str, Any]:
        learning = self._home.learning
        patterns = [pattern_data(pattern) for pattern in await learning.patterns()]
        return {**summary_data(await learning.pattern_summary()), "patterns": patterns}

    def get_guideline_history(self, agent_type: str | None = None) -> list[dict[str, Any]]:
        """Every version with `patterns_applied`, by agent type; of one of them, or all. Raises `NotFound`."""
        return self._home.call(self._history, agent_type)

    async def get_guideline_history_async(self, agent_type: str | None = None) -> list[dict[str, Any]]:
        """See `get_guideline_history`."""
        return await self._home.call_async(self._history, agent_type)

    async def _history(self, agent_type: str | None) -> list[dict[str, Any]]:
        return [history_data(entry) for entry in await self._home.learning.history(_name(agent_type))]

    def activate(self, agent_type: str, version: str, *, by: str, reason: str = "") -> str | None:
        """Put a version into service; returns the one it replaces. Raises `NotFound` and `GuidelineError`."""
        return self._home.call(self._activate, agent_type, version, by, reason)

    async def activate_async(self, agent_type: str, version: str, *, by: str, reason: str = "") -> str | None:
        """See `activate`."""
        return await self._home.call_async(self._activate, agent_type, version, by, reason)

    async def _activate(self, agent_type: str, version: str, by: str, reason: str) -> str | None:
        event = await self._home.guidelines.activate(str(agent_type), version, by=by, reason=reason)
        return event.replaces

    def rollback(self, agent_type: str, to: str | None = None, *, by: str = "host", reason: str = "") -> str | None:
        """Take the version in service back; returns the one that is in service now, None for no guideline.

        `to` names another one than the last good one, ``none`` for no guideline. Raises `NotFound`, `GuidelineError`.
        """
        return self._home.call(self._rollback, agent_type, to, by, reason)

    async def rollback_async(
        self, agent_type: str, to: str | None = None, *, by: str = "host", reason: str = ""
    ) -> str | None:
        """See `rollback`."""
        return await self._home.call_async(self._rollback, agent_type, to, by, reason)

    async def _rollback(self, agent_type: str, to: str | None, by: str, reason: str) -> str | None:
        event = await self._home.guidelines.roll_back(str(agent_type), to, by=by, reason=reason)
        return event.restored

    def guided_prompt(self, agent_type: str, prompt: str) -> tuple[str, str]:
        """A host's system prompt with the guideline in service behind it, and the guideline's version ("" for none).

        The version belongs into `collect_agent_trace(version=…)`. With `backup_original_prompts` the prompt as it is
        given is kept in the log, encrypted, and `original_prompt` gives it back.
        """
        return self._home.call(self._guided, agent_type, prompt)

    async def guided_prompt_async(self, agent_type: str, prompt: str) -> tuple[str, str]:
        """See `guided_prompt`."""
        return await self._home.call_async(self._guided, agent_type, prompt)

    async def _guided(self, agent_type: str, prompt: str) -> tuple[str, str]:
        keep = self.config.backup_original_prompts
        return await guide_prompt(self._home.store, str(agent_type), prompt, keep=keep)

    def original_prompt(self, agent_type: str) -> str | None:
        """The prompt of an agent type that `guided_prompt` was last given; None where none was kept."""
        return self._home.call(original_prompt, self._home.store, str(agent_type))

    async def original_prompt_async(self, agent_type: str) -> str | None:
        """See `original_prompt`."""
        return await self._home.call_async(original_prompt, self._home.store, str(agent_type))

    def save_state(self, path: Path | str | None = None) -> Path:
        """Write what was learned as one JSON file (default: the config's, or META_AGENT_STATE_FILE's).

        Holds patterns, guidelines and kept prompts: only its owner may read it. Raises `LearningError`.
        """
        file = self._file(path)
        write_state(file, self._home.call(take_state, self._home.store, self._home.learning))
        return file

    async def save_state_async(self, path: Path | str | None = None) -> Path:
        """See `save_state`."""
        file = self._file(path)
        state = await self._home.call_async(take_state, self._home.store, self._home.learning)
        await anyio.to_thread.run_sync(write_state, file, state)
        return file

    def load_state(self, path: Path | str | None = None) -> dict[str, Any]:
        """Take in a file of `save_state`; see `supervisor.learning.learning_state.restore_state`.

        From the same log nothing is taken: it has it all. From another one the guidelines in service become
        proposals here, which somebody decides on. Raises `LearningError` for a file that can't be used.
        """
        state = read_state(self._file(path))
        return self._home.call(restore_state, self._home.store, self._home.guidelines, state)

    async def load_state_async(self, path: Path | str | None = None) -> dict[str, Any]:
        """See `load_state`."""
        state = await anyio.to_thread.run_sync(read_state, self._file(path))
        return await self._home.call_async(restore_state, self._home.store, self._home.guidelines, state)

    def run_continuous_learning(
        self,
        *,
        cycles: int | None = None,
        stop: threading.Event | None = None,
        told: Callable[[dict[str, Any]], object] | None = None,
    ) -> int:
        """A cycle every `learning_interval` seconds, until `stop` is set or so many were tried; how many were.

        `told` is called with what each came to. A cycle that fails is an event and an alert, and the next one comes
        all the same. Blocks; call it in a thread of yours.
        """
        stop = stop if stop is not None else threading.Event()
        done = 0
        while not stop.is_set() and (cycles is None or done < cycles):
            try:
                report = self.start_learning_cycle()
            except Exception as error:
                _failed(error)
            else:
                if told is not None:
                    told(report)
            done += 1
            if cycles is None or done < cycles:
                stop.wait(self.config.learning_interval)
        return done

    async def run_continuous_learning_async(
        self, *, cycles: int | None = None, told: Callable[[dict[str, Any]], object] | None = None
    ) -> int:
        """See `run_continuous_learning`; cancel it to stop."""
        done = 0
        while cycles is None or done < cycles:
            try:
                report = await self.start_learning_cycle_async()
            except Exception as error:
                _failed(error)
            else:
                if told is not None:
                    told(report)
            done += 1
            if cycles is None or done < cycles:
                await anyio.sleep(self.config.learning_interval)
        return done

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close_async()

    def _file(self, path: Path | str | None) -> Path:
        file = Path(path) if path is not None else self.config.state_file
        if file is None:
            raise LearningError(
                "no file is named for the state", where="MetaAgent", todo=f"Name one, or set {STATE_FILE}."
            )
        return file


def _name(agent_type: str | None) -> str | None:
    return None if agent_type is None else str(agent_type)


def _failed(error: Exception) -> None:
    _log.error("a cycle of learning came to nothing: %s", error)
