"""A model decides where the classifier is unsure, within the budget and trace; its faults lead to planning."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.settings import RouterSettings
from events.catalogue.trace import ModelCalled
from llm_provider.offline_model import OfflineModel
from supervisor import Supervisor
from supervisor.testing import offline_settings

UNSURE = RouterSettings(precision=0.9999999, model_tier="fast")


async def test_the_model_is_asked_and_its_call_is_in_the_trace(tmp_path: Path) -> None:
    settings = offline_settings(tmp_path).model_copy(update={"router": UNSURE})
    async with Supervisor(settings, background=False) as supervisor:
        response = await supervisor.process_request("hmm is it rainy or what")
        assert response.metadata.approach == "direct"
        assert response.metadata.route == "weather"
        detail = await supervisor.trace(response.trace_id)
        calls = [entry.event for entry in detail.events if isinstance(entry.event, ModelCalled)]
        assert [call.purpose for call in calls] == ["route"]
        assert response.usage.model_calls == 1


async def test_a_sure_classifier_asks_nobody(tmp_path: Path) -> None:
    settings = offline_settings(tmp_path).model_copy(update={"router": RouterSettings(model_tier="fast")})
    async with Supervisor(settings, background=False) as supervisor:
        response = await supervisor.process_request("turn on the kitchen light")
        assert response.metadata.route == "smart_home"
        assert response.usage.model_calls == 0


async def test_a_model_that_fails_leaves_it_to_planning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = offline_settings(tmp_path).model_copy(update={"router": UNSURE})
    model = OfflineModel()

    def broken(*_: object, **__: object) -> None:
        raise ConnectionError("no model today")

    monkeypatch.setattr(model, "stream", broken)
    async with Supervisor(settings, background=False, model=model) as supervisor:
        response = await supervisor.process_request("hmm is it rainy or what")
        assert response.metadata.approach != "direct"
        assert response.outcome == "failure"
        assert "no model today" in response.text or "model" in response.text
