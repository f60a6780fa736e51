"""Evaluates the flags of one supervisor: a request's own override, then the provider, then settings, then default."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from common.clock import Clock, SystemClock
from common.context import TaskContext
from common.errors import ConfigurationError
from common.flags.declarations import (
    META_PLANNING,
    Declarations,
    FlagDeclaration,
    FlagValue,
    shipped_flags,
    variant_of,
)
from common.flags.watched_file import FlagFault, FlagFile
from common.health import Reached
from common.results import FlagReading

if TYPE_CHECKING:
    from openfeature.client import OpenFeatureClient
    from openfeature.evaluation_context import EvaluationContext
    from openfeature.provider import FeatureProvider

    from common.flags.asking import Answer, Asking

__all__ = ["Flags", "ReadFlag", "evaluation_context"]

_RESERVED = frozenset({"tenant", "user", "session", "targetingKey", "$flagd"})
_UNNAMED = "unnamed"
_OPENING = 5.0
"""Seconds that a provider may take to become ready before the supervisor starts without it."""


@dataclass(frozen=True, slots=True)
class ReadFlag:
    """A flag's value for one request, with what is recorded of its evaluation.

    `provider` is where the value came from: ``request``, a provider's name, ``settings`` or ``default``. `label` is the
    variant as a metric may carry it: of values that anybody may make up there could be any number. `error` says what
    failed, where `reading.reason` is ``ERROR``.
    """

    value: FlagValue
    reading: FlagReading
    provider: str
    label: str
    error: str = ""

    @property
    def record(self) -> dict[str, str]:
        """What the trace says of it."""
        record = {**self.reading.model_dump(), "provider": self.provider}
        return {**record, "error": self.error} if self.error else record


class Flags:
    """The flags of one supervisor.

    `values` are the settings' (environment included), `file` the flagd definitions of the embedded provider. Instead of
    that, `provider` is asked, or whichever provider the host has registered for the OpenFeature domain `domain`;
    `timeout` bounds (in seconds) what such a one may take, after which the settings or the default hold and the reading
    says so; `provider_in_memory` says that the given one never waits for anything. The host's default domain is never
    touched. Raises `ConfigurationError` for values that no flag can have.
    """

    def __init__(
        self,
        domain: str,
        values: Mapping[str, FlagValue],
        *,
        declarations: Sequence[FlagDeclaration] | None = None,
        file: Path | None = None,
        provider: FeatureProvider | None = None,
        provider_in_memory: bool = False,
        timeout: float = 2.0,
        clock: Clock | None = None,
    ) -> None:
        self._domain = domain
        self._clock = clock or SystemClock()
        self.declared = Declarations(shipped_flags() if declarations is None else declarations, values)
        self.file = FlagFile(file, self.declared, self._clock) if file is not None and provider is None else None
        self._provider = provider
        self._provider_in_memory = provider_in_memory
        self._private_domain = f"{domain}/{uuid.uuid4().hex}"
        self._timeout = timeout
        self._clients: _Clients | None = None
        self._waiting_since: datetime | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Every flag that is known: shipped, declared by the host, named in the settings."""
        return tuple(declaration.key for declaration in self.declared)

    async def open(self) -> None:
        """Read the file for the first time, or have the provider get ready. A fault is told by `fault`, not raised."""
        if self.file is not None:
            await self.file.refresh()
        if self._provider is not None:
            provider, domain = self._provider, self._private_domain
            with anyio.move_on_after(_OPENING):
                await anyio.to_thread.run_sync(_register, provider, domain, abandon_on_cancel=True)

    async def read(self, key: str, context: TaskContext, target: EvaluationContext | None = None) -> ReadFlag:
        """Evaluate a flag for a request; `target` is its `evaluation_context`, where that is at hand.

        Raises `ConfigurationError` for a flag nobody declared, and for an override of another type.
        """
        declaration = self.declared.get(key)
        if key in context.flags:
            value = declaration.checked(context.flags[key], f"TaskContext.flags[{key!r}]")
            variant = variant_of(value)
            label = variant if isinstance(value, bool) else _UNNAMED
            return ReadFlag(value, FlagReading(key=key, variant=variant, reason="REQUEST"), "request", label)
        clients = self._clients or self._make_clients()
        client = clients.foreign()
        if client is None and self.file is not None and self.file.is_due:
            await self.file.refresh()
        fallback = self.declared.fallback(key)
        answer = await clients.asking.ask(
            client or clients.embedded,
            declaration,
            fallback,
            target if target is not None else evaluation_context(context),
            local=client is None or self._provider_in_memory,
        )
        return self._reading(declaration, answer, fallback)

    def may_say(self, key: str, context: TaskContext) -> bool:
        """Whether the request, the settings or a provider may give a flag another value than its default."""
        if key in context.flags or key in self.declared.values:
            return True
        if self.file is not None and self.file.current is not None and key in self.file.current.definitions:
            return True
        return self._foreign() is not None

    def _reading(self, declaration: FlagDeclaration, answer: Answer, fallback: FlagValue) -> ReadFlag:
        key, reason, provider = declaration.key, answer.reason, answer.provider
        if answer.value is None:
            value, variant = fallback, variant_of(fallback)
            label = variant
            if not answer.error:
                provider = self.declared.fallback_source(key)
                reason = "STATIC" if provider == "settings" else reason
        else:
            value = float(answer.value) if isinstance(declaration.default, float) else answer.value
            variant = answer.variant or variant_of(value)
            label = variant if answer.variant or isinstance(value, bool) else _UNNAMED
        reading = FlagReading(key=key, variant=variant, reason=reason)
        return ReadFlag(value, reading, provider, label, answer.error)

    def fault(self) -> FlagFault | None:
        """What is wrong with the flags now: a file that is refused, a provider that is not ready. None: nothing."""
        client = self._foreign()
        if client is None:
            return None if self.file is None else self.file.fault
        from openfeature.provider import ProviderStatus

        status = client.get_provider_status()
        if status in (ProviderStatus.READY, ProviderStatus.STALE):
            self._waiting_since = None
            return None
        self._waiting_since = self._waiting_since or self._clock.now()
        return FlagFault(
            f"the flag provider {client.provider.get_metadata().name} is not ready: {status.value}",
            f"OpenFeature domain {self._domain}",
            "Look whether its server runs and is reached.",
            self._waiting_since,
            "what it still knows holds, else settings and defaults",
        )

    @property
    def provider_name(self) -> str:
        """The provider that is asked now."""
        client = self._foreign()
        if client is not None:
            return client.provider.get_metadata().name
        return self.file.path.name if self.file is not None and self.file.current is not None else "settings"

    @property
    def is_embedded(self) -> bool:
        """Whether the embedded provider answers: then the file is what `flags set` changes."""
        return self._foreign() is None

    async def refresh(self) -> None:
        """Look at the file now."""
        if self.file is not None:
            await self.file.refresh()

    async def probe(self) -> Reached:
        """Ask for one flag. Raises `ConfigurationError` where a fault is known, or the provider gives no answer."""
        await self.refresh()
        fault = self.fault()
        if fault is not None:
            raise ConfigurationError(f"{fault.what}; meanwhile {fault.meanwhile}", where=fault.where, todo=fault.todo)
        read = await self.read(META_PLANNING, TaskContext())
        if read.reading.reason == "ERROR":
            raise ConfigurationError(
                f"the flag provider gives no answer for {META_PLANNING}, so that settings and defaults hold: "
                f"{read.error}",
                where=f"flags, provider {read.provider}",
                todo="Look at the provider.",
            )
        return Reached(detail=f"{len(self.keys)} known, from {self.provider_name}")

    def _foreign(self) -> OpenFeatureClient | None:
        return (self._clients or self._make_clients()).foreign()

    def _make_clients(self) -> _Clients:
        given = self._private_domain if self._provider is not None else None
        self._clients = _Clients(self._domain, given, self.declared, self.file, self._timeout)
        return self._clients

    def close(self) -> None:
        """Let a given provider go; OpenFeature shuts it down unless the host uses it elsewhere, too."""
        if self._provider is not None:
            from openfeature import api
            from openfeature.provider.no_op_provider import NoOpProvider

            api.set_provider(NoOpProvider(), domain=self._private_domain)
        self._clients = None


class _Clients:
    """The OpenFeature clients of one supervisor; made at the first evaluation, for the import takes its time."""

    def __init__(
        self, domain: str, given: str | None, declared: Declarations, file: FlagFile | None, timeout: float
    ) -> None:
        from openfeature import api
        from openfeature.provider.no_op_provider import NoOpProvider

        from common.flags.asking import Asking
        from common.flags.provider import EmbeddedClient, EmbeddedProvider

        self.asking: Asking = Asking(timeout)
        self.embedded = EmbeddedClient(domain, EmbeddedProvider(declared, file))
        self._given = api.get_client(given) if given is not None else None
        self._hosted = api.get_client(domain)
        self._default = api.get_client()
        self._nobody = NoOpProvider

    def foreign(self) -> OpenFeatureClient | None:
        """The client of the provider that was given, or that the host has registered for the domain; None: neither."""
        if self._given is not None:
            return self._given
        hosted = self._hosted.provider
        return None if hosted is self._default.provider or isinstance(hosted, self._nobody) else self._hosted


def evaluation_context(context: TaskContext, targeting_key: str | None = None) -> EvaluationContext:
    """What targeting can look at: the request's tenant, user, session and plain attributes, and its targeting key.

    Each request has a targeting key of its own (its id, else a random one): sharing one would put all of them on one
    side of a percentage. Attributes can't pose as tenant, user or session.
    """
    from openfeature.evaluation_context import EvaluationContext

    attributes: dict[str, str | bool | int | float] = {
        name: value
        for name, value in context.attributes.items()
        if isinstance(value, (str, bool, int, float)) and name not in _RESERVED
    }
    attributes["tenant"] = context.tenant
    attributes["user"] = context.user
    if context.session is not None:
        attributes["session"] = context.session
    return EvaluationContext(context.request_id or targeting_key or uuid.uuid4().hex, attributes)


def _register(provider: FeatureProvider, domain: str) -> None:
    from openfeature import api

    with contextlib.suppress(Exception):  # its status tells, `fault` shows it, and it may become ready later
        api.set_provider_and_wait(provider, domain=domain)
