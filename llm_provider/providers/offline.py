"""``offline``: the deterministic model that needs no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.health import Reached
from common.model_settings import ModelSettings
from llm_provider.links import OFFLINE
from llm_provider.providers.base import Provider

if TYPE_CHECKING:
    from strands.models import Model

__all__ = ["OFFLINE_PROVIDER"]


def _check(settings: ModelSettings, where: str) -> None:
    return None


def _build(settings: ModelSettings, where: str) -> Model:
    from llm_provider.offline.model import OfflineModel

    return OfflineModel(model_id=settings.model or OFFLINE)


def _endpoint(settings: ModelSettings) -> str:
    return OFFLINE


async def _probe(settings: ModelSettings, where: str) -> Reached:
    return Reached(detail="needs no network")


OFFLINE_PROVIDER = Provider(_check, _build, _endpoint, _probe)
