"""What a supervisor stands on: what the host brings, and what is opened before anything is wired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry.trace import TracerProvider

from common.clock import Clock
from common.flags import FlagDeclaration, Flags
from common.intents import IntentHandler
from common.role import Role
from common.settings import Settings
from common.telemetry import Telemetry
from common.tool import Tool
from events.ownership import Ownership
from events.projection import Views
from events.store import EventStore
from supervisor.monitoring.custom import CustomMetrics
from supervisor.notifications import Notifier

if TYPE_CHECKING:
    from openfeature.provider import FeatureProvider
    from prometheus_client import CollectorRegistry
    from strands.models import Model

    from events.keys import KeyService

__all__ = ["HostParts", "Opened"]


@dataclass(frozen=True, slots=True)
class HostParts:
    """What a host may bring instead of the defaults."""

    model: Model | None = None
    clock: Clock | None = None
    tracer_provider: TracerProvider | None = None
    notifier: Notifier | None = None
    registry: CollectorRegistry | None = None
    flag_provider: FeatureProvider | None = None
    flags: Sequence[FlagDeclaration] = ()
    roles: Sequence[Role] = ()
    tools: Sequence[Tool] = ()
    handlers: Sequence[IntentHandler] = ()
    custom_metrics: CustomMetrics | None = None
    keys: KeyService | None = None
    allow_missing_keys: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """Settings, the log and what is read of it, flags, metrics; made first, let go last."""

    settings: Settings
    host: HostParts
    clock: Clock
    telemetry: Telemetry
    store: EventStore
    ownership: Ownership
    views: Views
    flags: Flags
