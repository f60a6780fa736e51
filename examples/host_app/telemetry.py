"""What a host has already: its own tracer provider, metrics registry, logging and feature flags."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from openfeature import api
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import CollectorRegistry, Counter

__all__ = ["HostTelemetry"]


@dataclass
class HostTelemetry:
    """The host's instruments. The supervisor gets the tracer provider handed over, and never sees the rest."""

    tracer_provider: TracerProvider = field(default_factory=TracerProvider)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.page_views = Counter("shop_page_views", "Pages shown", registry=self.registry)
        self.log = logging.getLogger("shop")

    def install_flags(self) -> None:
        """Register the host's own flags, as the default provider of its process."""
        flags = {"new-checkout": InMemoryFlag("on", {"on": True, "off": False})}
        api.set_provider(InMemoryProvider(flags))
