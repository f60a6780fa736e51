"""Tiers to models: the only place that knows which provider stands behind a tier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import anyio.to_thread

from common.errors import ConfigurationError
from common.settings import ModelSettings

if TYPE_CHECKING:
    from strands.models import Model

__all__ = ["OFFLINE", "LLMFactory", "ModelDescription", "describe_model", "is_offline_model"]

OFFLINE = "offline"
_HOST = "host"


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """What traces, metrics and prices call a model; `model` is empty where its owner gave it no name."""

    provider: str
    model: str = ""

    @property
    def label(self) -> str:
        """One name for it: the model's own, else the provider's."""
        return self.model or self.provider


class LLMFactory:
    """Makes a model for each tier when it is first asked for, and keeps it.

    `models` are the configured tiers and `aliases` other names of them. A host's own model objects come first:
    `overrides` by tier, and `model` for every tier that has no override.
    """

    def __init__(
        self,
        models: Mapping[str, ModelSettings],
        aliases: Mapping[str, str] = MappingProxyType({}),
        *,
        model: Model | None = None,
        overrides: Mapping[str, Model] = MappingProxyType({}),
    ) -> None:
        self._settings = dict(models)
        self._overrides = dict(overrides)
        self._model = model
        self._made: dict[str, Model] = {}
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

    def get_model(self, tier: str) -> Model:
        """The model of a tier or alias. Raises `ConfigurationError` for an unknown one.

        The first call for a provider imports its library, which can take half a second; see `load`.
        """
        name = self._resolve(tier)
        model = self._at_hand(name)
        if model is None:
            model = self._made[name] = _PROVIDERS[self._settings[name].provider](self._settings[name])
        return model

    async def load(self, tier: str) -> Model:
        """The model of a tier; where it has yet to be made, a worker thread does it. Raises like `get_model`."""
        name = self._resolve(tier)
        return self._at_hand(name) or await anyio.to_thread.run_sync(self.get_model, name)

    async def preload(self) -> None:
        """Make every tier's model now, so that no request waits for imports."""
        for tier in dict.fromkeys([*self._settings, *self._overrides]):
            await self.load(tier)

    def is_offline(self, tier: str) -> bool:
        """Whether the tier is served by the offline model. Raises `ConfigurationError` for an unknown tier."""
        name = self._resolve(tier)
        given = self._overrides.get(name) or self._model
        if given is not None:
            return is_offline_model(given)
        return self._settings[name].provider == OFFLINE

    def describe(self, tier: str) -> ModelDescription:
        """Provider and model of a tier, without making it. Raises `ConfigurationError` for an unknown tier."""
        name = self._resolve(tier)
        given = self._overrides.get(name) or self._model
        if given is not None:
            return describe_model(given)
        settings = self._settings[name]
        return ModelDescription(settings.provider, settings.model)

    def _at_hand(self, name: str) -> Model | None:
        return self._overrides.get(name) or self._model or self._made.get(name)

    def _resolve(self, tier: str) -> str:
        name = self._aliases.get(tier, tier)
        if name not in self._settings and name not in self._overrides:
            raise ConfigurationError(
                f"there is no model tier {tier[:100]!r}",
                where="models",
                todo=f"Known tiers: {', '.join(self.tiers) or 'none'}.",
            )
        return name


def is_offline_model(model: Model) -> bool:
    """Whether a model object is the offline model (or a host's class derived from it)."""
    from llm_provider.offline.model import OfflineModel

    return isinstance(model, OfflineModel)


def describe_model(model: Model) -> ModelDescription:
    """What a model object says of itself: the configured id, and the provider its class stands for."""
    config = cast("object", model.get_config())
    name = cast("Mapping[str, Any]", config).get("model_id") if isinstance(config, Mapping) else None
    if is_offline_model(model):
        return ModelDescription(OFFLINE, str(name or OFFLINE))
    module = type(model).__module__
    provider = module.rpartition(".")[2] if module.startswith("strands.models.") else _HOST
    return ModelDescription(provider, str(name or ""))


def _offline(settings: ModelSettings) -> Model:
    from llm_provider.offline.model import OfflineModel

    return OfflineModel(model_id=settings.model or OFFLINE)


_PROVIDERS: Mapping[str, Callable[[ModelSettings], Model]] = MappingProxyType({OFFLINE: _offline})
