"""Settings of language models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue, SecretStr

from common.section import Positive, Section

__all__ = ["BreakerSettings", "ModelSettings", "ProviderName"]

ProviderName = Literal["offline", "openai", "bedrock", "anthropic", "ollama", "litellm"]


class ModelSettings(Section):
    """One model tier."""

    provider: ProviderName = "offline"
    model: str = Field(default="", description="the model's id as its provider writes it; offline needs none")
    base_url: str | None = Field(default=None, description="the server's address, where it is not the provider's own")
    api_key: SecretStr | None = Field(default=None, description="None: as the provider's own library finds it")
    region: str | None = Field(default=None, description="bedrock: the AWS region")
    streaming: bool = True
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, gt=0)
    timeout: Positive = Field(default=60.0, description="seconds a whole call may take, its stream included")
    idle_timeout: Positive = Field(default=30.0, description="seconds without a sign of life from the model")
    retries: int = Field(default=2, ge=0, le=10, description="more tries where the provider is busy or not reached")
    retry_delay: Positive = Field(default=0.5, description="seconds before the first retry; then doubled, jittered")
    retry_max_delay: Positive = Field(default=20.0, description="seconds a single wait may take, Retry-After included")
    fallback: tuple[str, ...] = Field(
        default=("offline",), description="tiers asked in turn when this one fails; offline is always known"
    )
    cache_prompts: bool = Field(default=True, description="mark what repeats, where the provider caches by marks")
    options: dict[str, JsonValue] = Field(
        default_factory=dict, description="further parameters of each call, handed to the provider as they are"
    )


class BreakerSettings(Section):
    """When a provider that keeps failing is left alone for a while."""

    failures: int = Field(default=5, gt=0, description="failed calls in a row that open the breaker")
    seconds: Positive = Field(default=30.0, description="how long it stays open before one call may try again")
