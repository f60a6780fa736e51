"""Changes the file of flag definitions and the log together: nothing changes unrecorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import anyio
import anyio.to_thread

from common.errors import ConfigurationError
from common.flags import Flags
from common.flags.change import FlagChange, changed_definition
from common.flags.editing import Definition, Edit, editing
from common.flags.rules import FlagRule
from events.catalogue.flag import FlagChanged
from events.store import EventStore, stream_name

__all__ = ["FlagCommands", "rules_for"]

_NOT_DONE = "the file could not be replaced, so the change before did not take effect"


class FlagCommands:
    """Commands on the flags of one supervisor. They hold here when they return, and elsewhere within a second.

    They raise `ConfigurationError` for what can't be done, and `StoreError` where the log can't take it; then nothing
    has changed.
    """

    def __init__(self, flags: Flags, store: EventStore) -> None:
        self._flags = flags
        self._store = store

    async def change(
        self, key: str, change: FlagChange, by: str, reason: str, expected_version: int | None = None
    ) -> FlagChanged | None:
        """Change a flag's definition; None where it is so already.

        `expected_version` is how many changes of it are recorded: `StreamConflict` where there are others by now.
        """
        if change.is_empty:
            raise ConfigurationError(
                "nothing to change was named", where=f"flags set {key}", todo="For example --percent 10."
            )
        path, declared = self._file(), self._flags.declared
        return await self._edit(
            key,
            lambda before: changed_definition(key, before, change, declared, path.name),
            by,
            reason,
            expected_version,
        )

    async def reset(self, key: str, by: str, reason: str) -> FlagChanged | None:
        """Take a flag's definition out of the file; None where there is none."""

        def nothing(before: Definition | None) -> None:
            if before is None:
                self._flags.declared.get(key)

        return await self._edit(key, nothing, by, reason)

    def _file(self) -> Path:
        if not self._flags.is_embedded or self._flags.file is None:
            raise ConfigurationError(
                f"the flags come from {self._flags.provider_name}, not from a file",
                where="flags",
                todo="Change them there.",
            )
        return self._flags.file.path

    async def _edit(
        self,
        key: str,
        apply: Callable[[Definition | None], Definition | None],
        by: str,
        reason: str,
        expected_version: int | None = None,
    ) -> FlagChanged | None:
        if not by.strip():
            raise ConfigurationError("a change needs to say who made it", where="by")
        path, declared = self._file(), self._flags.declared
        with ExitStack() as held:
            edit = await anyio.to_thread.run_sync(lambda: held.enter_context(editing(path, key, apply, declared)))
            if not edit.is_change:
                return None
            changed = FlagChanged(key=key, before=edit.before, after=edit.after, by=by, reason=reason)
            with anyio.CancelScope(shield=True):
                await self._store.append(stream_name("flag", key), [changed], expected_version)
                await self._commit(edit, changed)
        await self._flags.refresh()
        return changed

    async def _commit(self, edit: Edit, changed: FlagChanged) -> None:
        """The event is durable, and the file is replaced; where it can't be, the log says so, too."""
        try:
            await anyio.to_thread.run_sync(edit.commit)
        except Exception:
            undone = changed.model_copy(update={"before": changed.after, "after": changed.before, "reason": _NOT_DONE})
            await self._store.append(stream_name("flag", changed.key), [undone])
            raise


def rules_for(
    kind: str, variants: Mapping[str, str | None] | Mapping[str | bool | int | float, str | None], name: str = ""
) -> list[tuple[FlagRule, bool]]:
    """Rules of one kind from value -> variant, where None drops the rule that stood there."""
    return [(FlagRule(kind, value, variant or "", name), variant is not None) for value, variant in variants.items()]
