"""Tiers to models: the only place that knows which provider stands behind a tier."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import anyio
import anyio.to_thread

from common.errors import ConfigurationError
from common.health import HealthCheck, Reached
from common.logs import get_logger
from common.settings import BreakerSettings, ModelSettings
from llm_provider.breaker import Breaker
from llm_provider.links import OFFLINE, Link, ModelDescription, describe_model, is_offline_model
from llm_provider.providers import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from strands.models import Model

__all__ = ["OFFLINE", "LLMFactory", "ModelDescription", "describe_model", "is_offline_model"]

_log = get_logger(__name__)
_CLOSE_SECONDS = 5.0


class LLMFactory:
    """Makes a model for each tier when it is first asked for, and keeps it, with its connections, until `aclose`.

    `models` are the configured tiers and `aliases` other names of them. A host's own model objects come first:
    `overrides` by tier, and `model` for every tier that has no override; these have no fallback. Each provider
    endpoint has one circuit breaker, by `breaker`, whose `clock` is monotonic seconds. Used from one event loop.
    """

    def __init__(
        self,
        models: Mapping[str, ModelSettings],
        aliases: Mapping[str, str] = MappingProxyType({}),
        *,
        model: Model | None = None,
        overrides: Mapping[str, Model] = MappingProxyType({}),
        breaker: BreakerSettings = BreakerSettings(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = dict(models)
        self._overrides = dict(overrides)
        self._model = model
        self._made: dict[str, Model] = {}
        self._chained: dict[str, Model] = {}
        self._breaker_settings = breaker
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}
        self._making: anyio.Lock | None = None
        known = {*self._settings, *self._overrides}
        self._aliases = {alias: tier for alias, tier in aliases.items() if alias not in known}
        for alias, tier in self._aliases.items():
            if tier not in known:
                raise ConfigurationError(
                    f"the alias {alias!r} stands for the tier {tier!r}, which is not configured",
                    where=f"model_aliases.{alias}",
                    todo=f"Configured tiers: {', '.join(sorted(known)) or 'none'}.",
                )

    @classmethod
    def with_model(cls, model: Model) -> LLMFactory:
        """A factory whose usual tiers are all this one model."""
        tiers = {"fast": ModelSettings(), "smart": ModelSettings()}
        return cls(tiers, {"sonnet": "smart"}, model=model)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The names that `get_model` takes, aliases last."""
        return (*dict.fromkeys([*self._settings, *self._overrides]), *self._aliases)

    def check(self) -> None:
        """Raise `ConfigurationError` for a tier whose settings can't work; imports and connects to nothing."""
        for tier, settings in self._settings.items():
            if self._given(tier) is None:
                PROVIDERS[settings.provider].check(settings, _where(tier))
                self._fallbacks(tier)

    def get_model(self, tier: str) -> Model:
        """The model of a tier or alias by itself, without its fallbacks. Raises `ConfigurationError`.

        The first call for a provider imports its library, which can take seconds; see `load`.
        """
        return self._get(self._resolve(tier))

    async def load(self, tier: str) -> Model:
        """The model of a tier or alias as our own agents call it: with its chain of fallbacks.

        Where it has yet to be made, a worker thread does it. Raises like `get_model`.
        """
        name = self._resolve(tier)
        known = self._chained.get(name)
        if known is not None:
            return known
        model = await self._load(name)
        if not is_offline_model(model):
            from llm_provider.tier_model import TierModel

            model = TierModel(model, self._chain(name))
        return self._chained.setdefault(name, model)

    async def preload(self) -> None:
        """Make every tier's model now, so that no request waits for imports."""
        for tier in dict.fromkeys([*self._settings, *self._overrides]):
            await self.load(tier)

    def is_offline(self, tier: str) -> bool:
        """Whether the tier is served by the offline model. Raises `ConfigurationError` for an unknown tier."""
        name = self._resolve(tier)
        given = self._given(name)
        return is_offline_model(given) if given is not None else self._settings[name].provider == OFFLINE

    def describe(self, tier: str) -> ModelDescription:
        """Provider and model of a tier, without making it. Raises `ConfigurationError` for an unknown tier."""
        name = self._resolve(tier)
        given = self._given(name)
        if given is not None:
            return describe_model(given)
        settings = self._settings[name]
        return ModelDescription(settings.provider, settings.model)

    def health_checks(self) -> list[HealthCheck]:
        """One check for each model of a provider that the tiers name; each asks the provider, invoking no model."""
        found: dict[tuple[str, str], list[str]] = {}
        for tier, settings in self._settings.items():
            if self._given(tier) is None and settings.provider != OFFLINE:
                found.setdefault((PROVIDERS[settings.provider].endpoint(settings), settings.model), []).append(tier)
        return [HealthCheck(f"model {', '.join(tiers)}", self._probe(tiers[0])) for tiers in found.values()]

    async def aclose(self) -> None:
        """Close the connections of the models that were made here. The factory can be used again afterwards."""
        made = list(self._made.values())
        self._made.clear()
        self._chained.clear()
        for model in made:
            close = cast("Callable[[], Awaitable[None]] | None", getattr(model, "aclose", None))
            if close is None:
                continue
            try:
                with anyio.move_on_after(_CLOSE_SECONDS):
                    await close()
            except Exception:  # a library's own fault, at a time when nobody can do anything about it
                _log.info("the connections of a model could not be closed", exc_info=True)

    def _probe(self, tier: str) -> Callable[[], Awaitable[Reached]]:
        settings = self._settings[tier]

        async def probe() -> Reached:
            return await PROVIDERS[settings.provider].probe(settings, _where(tier))

        return probe

    def _get(self, name: str) -> Model:
        given = self._given(name)
        if given is not None:
            return given
        model = self._made.get(name)
        if model is None:
            settings = self._tier_settings(name)
            provider, where = PROVIDERS[settings.provider], _where(name)
            provider.check(settings, where)
            try:
                model = provider.build(settings, where)
            except ConfigurationError:
                raise
            except Exception as error:  # a library that does not like what it was given
                raise ConfigurationError(
                    f"the model can't be set up: {type(error).__name__}: {error}"[:500],
                    where=where,
                    todo="Look at the tier's settings.",
                ) from error
            model = self._made.setdefault(name, model)
        return model

    async def _load(self, name: str) -> Model:
        at_hand = self._given(name) or self._made.get(name)
        if at_hand is not None:
            return at_hand
        if self._making is None:
            self._making = anyio.Lock()
        async with self._making:  # imports of one library in several threads wait for each other anyway
            return await anyio.to_thread.run_sync(self._get, name)

    def _chain(self, name: str) -> tuple[Link, ...]:
        return tuple(self._link(tier) for tier in (name, *self._fallbacks(name)))

    def _link(self, name: str) -> Link:
        settings = self._tier_settings(name)

        async def load() -> Model:
            return await self._load(name)

        given = self._given(name)
        if given is not None:
            return Link(name, describe_model(given), settings, load, offline=is_offline_model(given))
        provider = PROVIDERS[settings.provider]
        offline = settings.provider == OFFLINE
        description = ModelDescription(settings.provider, settings.model or (OFFLINE if offline else ""))
        return Link(
            name,
            description,
            settings,
            load,
            offline=offline,
            breaker=None if offline else self._breaker(provider.endpoint(settings)),
            marks=settings.cache_prompts and provider.marks(settings),
        )

    def _fallbacks(self, name: str) -> tuple[str, ...]:
        """The tiers asked in turn when this one fails."""
        if self._given(name) is not None or self.is_offline(name):
            return ()
        known = {*self.tiers, OFFLINE}
        for tier in self._settings[name].fallback:
            if tier not in known:
                raise ConfigurationError(
                    f"there is no model tier {tier[:100]!r} to fall back to",
                    where=f"{_where(name)}.fallback",
                    todo=f"Known tiers: {', '.join(sorted(known))}.",
                )
        resolved = (self._aliases.get(tier, tier) for tier in self._settings[name].fallback)
        return tuple(dict.fromkeys(tier for tier in resolved if tier != name))

    def _breaker(self, endpoint: str) -> Breaker:
        known = self._breakers.get(endpoint)
        if known is None:
            known = self._breakers[endpoint] = Breaker(self._breaker_settings, self._clock)
        return known

    def _given(self, name: str) -> Model | None:
        return self._overrides.get(name) or self._model

    def _tier_settings(self, name: str) -> ModelSettings:
        return self._settings.get(name) or ModelSettings()  # "offline", or a tier that only the host knows

    def _resolve(self, tier: str) -> str:
        name = self._aliases.get(tier, tier)
        if name not in self._settings and name not in self._overrides:
            raise ConfigurationError(
                f"there is no model tier {tier[:100]!r}",
                where="models",
                todo=f"Known tiers: {', '.join(self.tiers) or 'none'}.",
            )
        return name


def _where(tier: str) -> str:
    return f"models.{tier}"
