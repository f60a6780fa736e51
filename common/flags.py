"""Feature flags through OpenFeature, on a domain of their own.

A host that has registered a provider for the configured domain is asked; otherwise an embedded provider answers from
the settings, on a domain private to this supervisor, so that two supervisors in one process share nothing and the
host's default domain is never touched. Precedence: the request's own override, the provider, the environment (which
the settings loader puts under the provider's values), the default.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from common.context import TaskContext
from common.errors import ConfigurationError
from common.health import Reached
from common.results import FlagReading

if TYPE_CHECKING:
    from openfeature.client import OpenFeatureClient
    from openfeature.flag_evaluation import FlagEvaluationDetails

__all__ = ["META_PLANNING", "FlagValue", "Flags", "ReadFlag"]

META_PLANNING = "meta-planning"
FlagValue = bool | str | int | float

_DEFAULTS: Mapping[str, FlagValue] = {META_PLANNING: False}


@dataclass(frozen=True, slots=True)
class ReadFlag:
    """A flag's value for one request, with what is recorded of its evaluation."""

    value: FlagValue
    reading: FlagReading
    provider: str


class Flags:
    """Evaluates the flags of one supervisor.

    `values` are the embedded provider's; `timeout` bounds (in seconds) what a host's provider may take, after which
    the default holds and the reading says so.
    """

    def __init__(self, domain: str, values: Mapping[str, FlagValue], *, timeout: float = 2.0) -> None:
        self._domain = domain
        self._defaults: dict[str, FlagValue] = dict(_DEFAULTS)
        for key, value in values.items():
            expected = _DEFAULTS.get(key)
            if expected is not None and type(value) is not type(expected):
                raise ConfigurationError(
                    f"flag {key} wants a {type(expected).__name__}, got {value!r}",
                    where=f"flags.values.{key}",
                    todo="Use true or false." if isinstance(expected, bool) else "",
                )
        self._values = dict(values)
        self._timeout = timeout
        self._private_domain = f"{domain}/{uuid.uuid4().hex}"
        self._embedded: OpenFeatureClient | None = None

    def declare(self, key: str, default: FlagValue) -> None:
        """Add a flag with its default; a host's own flags are evaluated and recorded like the shipped ones."""
        self._defaults[key] = default

    @property
    def keys(self) -> tuple[str, ...]:
        """Every flag that is known: shipped, declared, configured."""
        return tuple(sorted({*self._defaults, *self._values}))

    async def read(self, key: str, context: TaskContext) -> ReadFlag:
        """Evaluate a flag for a request. Raises `ConfigurationError` for a flag nobody declared."""
        default = self._values.get(key, self._defaults.get(key))
        if default is None:
            raise ConfigurationError(
                f"unknown flag {key!r}", where="flags", todo=f"Known flags: {', '.join(self.keys)}."
            )
        if key in context.flags:
            value = self._checked(key, context.flags[key], default)
            return ReadFlag(value, FlagReading(key=key, variant=_variant(value), reason="REQUEST"), "request")
        client = self._client()
        name = client.get_metadata().domain or self._domain
        with anyio.move_on_after(self._timeout) as scope:
            try:
                details = await _evaluate(client, key, default, context)
            except UnboundLocalError:
                # openfeature-sdk 0.10 turns a cancellation inside an evaluation into this; turn it back.
                if not scope.cancel_called:
                    raise anyio.get_cancelled_exc_class() from None
            else:
                variant = details.variant or _variant(details.value)
                reading = FlagReading(key=key, variant=variant, reason=str(details.reason or "UNKNOWN"))
                return ReadFlag(details.value, reading, client.provider.get_metadata().name)
        return ReadFlag(default, FlagReading(key=key, variant=_variant(default), reason="ERROR"), f"{name}: timed out")

    async def probe(self) -> Reached:
        """Ask the provider for one flag. Raises `ConfigurationError` where it gives no answer."""
        client = self._client()
        name = client.get_metadata().domain or self._domain
        read = await self.read(META_PLANNING, TaskContext())
        if read.reading.reason == "ERROR":
            raise ConfigurationError(
                f"the flag provider gives no answer for {META_PLANNING}, so that defaults hold",
                where=f"flags, domain {name if client is not self._embedded else self._domain}",
                todo="Look at the provider that the host registered for this domain.",
            )
        return Reached(detail=f"{len(self.keys)} known, from {read.provider}")

    @staticmethod
    def _checked(key: str, value: FlagValue, default: FlagValue) -> FlagValue:
        if type(value) is not type(default):
            raise ConfigurationError(
                f"flag {key} wants a {type(default).__name__}, got {value!r}", where=f"TaskContext.flags[{key!r}]"
            )
        return value

    def _client(self) -> OpenFeatureClient:
        from openfeature import api

        hosted = api.get_client(self._domain)
        if hosted.provider is not api.get_client().provider:
            return hosted
        if self._embedded is None:
            self._embedded = self._register_embedded()
        return self._embedded

    def _register_embedded(self) -> OpenFeatureClient:
        from openfeature import api
        from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

        flags = {
            key: InMemoryFlag[FlagValue](_variant(value), {_variant(value): value})
            for key, value in {**self._defaults, **self._values}.items()
        }
        api.set_provider(InMemoryProvider(flags), domain=self._private_domain)
        return api.get_client(self._private_domain)

    def close(self) -> None:
        """Let the embedded provider go; the registry keeps no more than the private domain's name."""
        if self._embedded is not None:
            from openfeature import api
            from openfeature.provider.no_op_provider import NoOpProvider

            api.set_provider(NoOpProvider(), domain=self._private_domain)
            self._embedded = None


async def _evaluate(
    client: OpenFeatureClient, key: str, default: FlagValue, context: TaskContext
) -> FlagEvaluationDetails[FlagValue]:
    from openfeature.evaluation_context import EvaluationContext

    attributes: dict[str, str | bool | int | float] = {
        name: value for name, value in context.attributes.items() if isinstance(value, (str, bool, int, float))
    }
    attributes |= {"tenant": context.tenant, "user": context.user}
    if context.session is not None:
        attributes["session"] = context.session
    target = EvaluationContext(context.request_id or uuid.uuid4().hex, attributes)
    if isinstance(default, bool):
        return await client.get_boolean_details_async(key, default, target)
    if isinstance(default, int):
        return await client.get_integer_details_async(key, default, target)
    if isinstance(default, float):
        return await client.get_float_details_async(key, default, target)
    return await client.get_string_details_async(key, default, target)


def _variant(value: FlagValue) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
