"""What a model call costs, by the public price table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import anyio.to_thread

from common.logs import get_logger
from llm_provider.links import OFFLINE, ModelDescription

__all__ = ["TokenCounts", "cost_of"]

logger = get_logger(__name__)

_TABLE_IDS: Mapping[str, str] = MappingProxyType({"bedrock": "aws", "gemini": "google", "openai_responses": "openai"})
"""Providers that the price table calls by another name."""


class TokenCounts:
    """The tokens of one model call; `cached` and `cache_written` are part of `input`."""

    __slots__ = ("cache_written", "cached", "input", "output")

    def __init__(self, input: int, output: int, cached: int = 0, cache_written: int = 0) -> None:
        self.input = max(0, input)
        self.output = max(0, output)
        self.cached = max(0, cached)
        self.cache_written = max(0, cache_written)

    @classmethod
    def of(cls, usage: Mapping[str, int]) -> TokenCounts:
        """Read a provider's usage. Some report cached tokens inside the input and some beside it: the total tells."""
        given, output = int(usage.get("inputTokens", 0)), int(usage.get("outputTokens", 0))
        cached, written = int(usage.get("cacheReadInputTokens", 0)), int(usage.get("cacheWriteInputTokens", 0))
        beside = given + output != int(usage.get("totalTokens", 0))
        return cls(given + cached + written if beside else given, output, cached, written)


async def cost_of(model: ModelDescription, tokens: TokenCounts) -> float | None:
    """US dollars for one call; 0 for the offline model, None where the price is not known."""
    if model.provider == OFFLINE:
        return 0.0
    if not model.model:
        return None
    return await anyio.to_thread.run_sync(_look_up, model, tokens)


def _look_up(model: ModelDescription, tokens: TokenCounts) -> float | None:
    """Takes half a second the first time, when the table is loaded, and under a millisecond afterwards."""
    import genai_prices

    usage = genai_prices.Usage(
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cache_read_tokens=tokens.cached,
        cache_write_tokens=tokens.cache_written,
    )
    for provider in (_TABLE_IDS.get(model.provider, model.provider), None):
        try:
            return float(genai_prices.calc_price(usage, model.model, provider_id=provider).total_price)
        except LookupError:
            continue
        except Exception:  # a table we do not own must not fail a model call
            logger.warning("no price could be read for %s", model.label, exc_info=True)
            return None
    return None
