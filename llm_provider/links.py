"""The models that a call may go to, in their order: a tier's own first, then those it falls back to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from common.model_settings import ModelSettings
from llm_provider.breaker import Breaker

if TYPE_CHECKING:
    from strands.models import Model

__all__ = [
    "OFFLINE", "Link", "ModelDescription", "describe_model", "is_offline_model", "links_of", "without_offline",
]  # fmt: skip

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


@dataclass(frozen=True, slots=True)
class Link:
    """One model of a chain.

    `load` makes it or gives it back, and raises `ConfigurationError` where that can't be done; `settings` say how its
    calls are bounded and tried again. Links of one provider endpoint share a `breaker`. `marks` tells that the
    provider keeps prompts up to marks in them.
    """

    tier: str
    description: ModelDescription
    settings: ModelSettings
    load: Callable[[], Awaitable[Model]]
    offline: bool = False
    breaker: Breaker | None = None
    marks: bool = False

    def with_retries(self, retries: int | None, delay: float | None) -> Link:
        """The link with another number of retries or another first delay, where these are given."""
        changes: dict[str, Any] = {}
        if retries is not None:
            changes["retries"] = retries
        if delay is not None:
            changes["retry_delay"] = delay
        return replace(self, settings=self.settings.model_copy(update=changes)) if changes else self


def links_of(model: Model, tier: str = "") -> tuple[Link, ...]:
    """The chain behind what `LLMFactory.load` gave; any other model stands alone for the tier, on default settings."""
    from llm_provider.tier_model import TierModel

    if isinstance(model, TierModel):
        return model.links

    async def load() -> Model:
        return model

    return (Link(tier, describe_model(model), ModelSettings(), load, offline=is_offline_model(model)),)


def without_offline(model: Model) -> Model:
    """The same chain without the offline model, for what it would answer only in form."""
    from llm_provider.tier_model import TierModel

    if not isinstance(model, TierModel):
        return model
    return TierModel(model.model, [link for link in model.links if not link.offline])


def is_offline_model(model: Model) -> bool:
    """Whether a model object is the offline model (or a host's class derived from it)."""
    from llm_provider.offline.model import OfflineModel

    return isinstance(model, OfflineModel)


def describe_model(model: Model) -> ModelDescription:
    """What a model object says of itself: the configured id, and the provider its class stands for."""
    from llm_provider.tier_model import TierModel

    if isinstance(model, TierModel):
        return model.links[0].description
    config = cast("object", model.get_config())
    name = cast("Mapping[str, Any]", config).get("model_id") if isinstance(config, Mapping) else None
    if is_offline_model(model):
        return ModelDescription(OFFLINE, str(name or OFFLINE))
    module = type(model).__module__
    provider = module.rpartition(".")[2] if module.startswith("strands.models.") else _HOST
    return ModelDescription(provider, str(name or ""))
