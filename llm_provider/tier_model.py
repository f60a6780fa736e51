"""What stands for a tier in an agent of ours. Imported only when a model is needed, since it loads `strands`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel
from strands.models import Model
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolSpec
from typing_extensions import override

from llm_provider.links import Link

__all__ = ["TierModel"]

T = TypeVar("T", bound=BaseModel)


class TierModel(Model):
    """A tier's model together with its chain of fallbacks.

    Our own agents make its calls through `llm_provider.model_calls`, which reads the chain. Anybody else's agent talks
    to the tier's own model through it, without retries and fallbacks.
    """

    def __init__(self, model: Model, links: Sequence[Link]) -> None:
        self._model = model
        self.links = tuple(links)

    @property
    def model(self) -> Model:
        """The tier's own model."""
        return self._model

    @override
    def update_config(self, **model_config: Any) -> None:
        """Change the configuration of the tier's own model."""
        self._model.update_config(**model_config)

    @override
    def get_config(self) -> Any:
        """The configuration of the tier's own model."""
        return self._model.get_config()

    @override
    def structured_output(
        self, output_model: type[T], prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, T | Any], None]:
        """As the tier's own model does it."""
        return self._model.structured_output(output_model, prompt, system_prompt, **kwargs)

    @override
    def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncIterable[StreamEvent]:
        """As the tier's own model does it."""
        return self._model.stream(messages, tool_specs, system_prompt, **kwargs)
