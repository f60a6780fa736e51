"""The providers of models, one module each; none imports its library before a model is made."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from common.model_settings import ProviderName
from llm_provider.providers.anthropic import ANTHROPIC
from llm_provider.providers.base import Provider
from llm_provider.providers.bedrock import BEDROCK
from llm_provider.providers.litellm import LITELLM
from llm_provider.providers.offline import OFFLINE_PROVIDER
from llm_provider.providers.ollama import OLLAMA
from llm_provider.providers.openai import OPENAI

__all__ = ["PROVIDERS", "Provider"]

PROVIDERS: Mapping[ProviderName, Provider] = MappingProxyType(
    {
        "offline": OFFLINE_PROVIDER,
        "openai": OPENAI,
        "anthropic": ANTHROPIC,
        "bedrock": BEDROCK,
        "ollama": OLLAMA,
        "litellm": LITELLM,
    }
)
