"""Strands' Anthropic model with connections that can be closed. Imported only when a model is made."""

from __future__ import annotations

from strands.models.anthropic import AnthropicModel

__all__ = ["AnthropicServerModel"]


class AnthropicServerModel(AnthropicModel):
    """One client for all calls. Its streams are always streamed; one that breaks off has no end, which is noticed."""

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.close()
