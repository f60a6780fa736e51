"""`supervisor.flags`: feature flags, looked at and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from common.clock import Clock
from common.context import TaskContext
from common.errors import ConfigurationError
from common.flags import FlagDeclaration, FlagFault, Flags, FlagValue, ReadFlag, shipped_flags
from common.flags.change import FlagChange, percentage
from common.flags.remote import flagd_provider
from common.flags.rules import FlagRules, Per, UnreadableRules
from common.settings import Settings
from events.catalogue.flag import FlagChanged
from events.store import EventStore
from supervisor.commands.flags import FlagCommands, rules_for
from supervisor.queries.flags import FlagStep, flag_history, flag_report, flag_rows

if TYPE_CHECKING:
    from openfeature.provider import FeatureProvider

__all__ = ["FlagControl", "open_flags"]


async def open_flags(
    settings: Settings, clock: Clock, declarations: Sequence[FlagDeclaration], provider: FeatureProvider | None
) -> Flags:
    """The flags of a supervisor, ready to be read. Raises `ConfigurationError` for settings that can't be used.

    A broken file, or a server that is away, is no error: settings and defaults hold, and `Flags.fault` tells.
    """
    given, tier = settings.flags, settings.router.model_tier
    tiers = (*settings.models, *settings.model_aliases, *([] if tier is None else [tier]))
    in_memory = provider is None and given.flagd is not None
    if provider is None and given.flagd is not None:
        address, tls = given.flagd, given.flagd_tls
        provider = await anyio.to_thread.run_sync(lambda: flagd_provider(address, tls=tls))
    flags = Flags(
        given.domain,
        given.values,
        declarations=[*shipped_flags(tiers, tier), *declarations],
        file=settings.flags_path,
        provider=provider,
        provider_in_memory=in_memory,
        timeout=given.timeout,
        clock=clock,
    )
    await flags.open()
    return flags


class FlagControl:
    """The flags of one supervisor, for hosts and operators.

    Changing raises `ConfigurationError` and `StoreError` as `supervisor.commands.flags.FlagCommands` says. Inside a
    role, read flags by ``run.flags``, which evaluates each once for the request and has it in the trace.
    """

    def __init__(self, flags: Flags, store: EventStore) -> None:
        self._flags = flags
        self._store = store
        self._commands = FlagCommands(flags, store)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every flag that is known."""
        return self._flags.keys

    def fault(self) -> FlagFault | None:
        """What is wrong with the flags now, and what holds meanwhile; None where all is well. Reads only memory."""
        return self._flags.fault()

    async def read(self, key: str, context: TaskContext | None = None) -> ReadFlag:
        """What a request of this context would get. Raises `ConfigurationError` for a flag nobody declared."""
        return await self._flags.read(key, context or TaskContext())

    async def overview(self, context: TaskContext | None = None) -> list[dict[str, Any]]:
        """Every flag with the value that a request of this context would get, and why."""
        return await flag_rows(self._flags, context or TaskContext())

    async def report(self, context: TaskContext | None = None) -> dict[str, Any]:
        """The overview with the provider, its file and its fault, as `supervisor.queries.flags.flag_report` says."""
        return await flag_report(self._flags, context or TaskContext())

    def rules(self, key: str) -> FlagRules | None:
        """What the file says of a flag; None where it says nothing.

        Raises `ConfigurationError` for targeting that was written by hand, in a form that `set` can't change.
        """
        file = self._flags.file
        definition = file.current.definitions.get(key) if file is not None and file.current is not None else None
        try:
            return None if definition is None else FlagRules.of(definition)
        except UnreadableRules as problem:
            raise ConfigurationError(
                f"the targeting of flag {key} was written by hand, and {problem}", where=f"flags.{key}.targeting"
            ) from None

    async def set(
        self,
        key: str,
        *,
        by: str,
        reason: str = "",
        variant: str | None = None,
        percent: float | str | Mapping[str, float | str] | None = None,
        tenants: Mapping[str, str | None] | None = None,
        users: Mapping[str, str | None] | None = None,
        sessions: Mapping[str, str | None] | None = None,
        attributes: Mapping[str, Mapping[str | bool | int | float, str | None]] | None = None,
        per: Per | None = None,
        define: Mapping[str, FlagValue] | None = None,
        only: bool = False,
        enabled: bool | None = None,
    ) -> FlagChanged | None:
        """Change a flag in the file of definitions, and record who did and why; None where it is so already.

        `variant` is what everybody gets whom no rule and no share covers; without `percent` it ends the shares. A plain
        `percent` is the share of the variant ``on``. Rules map whom they are about to a variant, or to None to drop
        one: those for tenants come first, then users, sessions, attributes, then the shares, divided by request or
        `per` tenant, user or session. `define` adds variants; `only` drops all rules and shares that stood there.
        """
        shares = percent if isinstance(percent, Mapping) else {} if percent is None else {"on": percent}
        change = FlagChange(
            variant=variant,
            shares={name: percentage(share, f"--percent {name}={share}") for name, share in shares.items()},
            rules=(
                *rules_for("tenant", tenants or {}),
                *rules_for("user", users or {}),
                *rules_for("session", sessions or {}),
                *(rule for name, values in (attributes or {}).items() for rule in rules_for("attribute", values, name)),
            ),
            per=per,
            define=define or {},
            only=only,
            enabled=enabled,
        )
        return await self._commands.change(key, change, by, reason)

    async def reset(self, key: str, *, by: str, reason: str = "") -> FlagChanged | None:
        """Take a flag's definition out of the file: settings and default hold again. None where there was none."""
        return await self._commands.reset(key, by, reason)

    async def history(self, key: str | None = None) -> list[FlagStep]:
        """The recorded changes, of one flag or of all, oldest first. Edits of the file by hand are in no log."""
        return await flag_history(self._store, key)
