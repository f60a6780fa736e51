"""Makes the outbox that the settings ask for."""

from __future__ import annotations

import anyio.to_thread

from common.context import Owner
from common.owner_keys import DEFAULT_OWNER, owner_of_key
from common.service_settings import NotificationSettings
from common.telemetry import Metrics
from supervisor.notifiers.address import Address
from supervisor.notifiers.outbox import Outbox

__all__ = ["open_outbox"]


async def open_outbox(settings: NotificationSettings, metrics: Metrics) -> Outbox | None:
    """An outbox with every configured address; None where there is none. Raises `ConfigurationError`."""
    if not settings.urls and not any(listed.urls for listed in settings.owners.values()):
        return None
    addresses = await anyio.to_thread.run_sync(_addresses, settings)
    return Outbox(addresses, metrics.notifications, timeout=settings.timeout, queue=settings.queue)


def _addresses(settings: NotificationSettings) -> dict[Owner, list[Address]]:
    from supervisor.notifiers.apprise_address import AppriseAddress

    found: dict[Owner, list[Address]] = {
        DEFAULT_OWNER: [
            AppriseAddress(url, f"notifications.urls[{index}]", settings.timeout)
            for index, url in enumerate(settings.urls)
        ]
    }
    for name, listed in settings.owners.items():
        found[owner_of_key(name)] = [
            AppriseAddress(url, f"notifications.owners.{name}.urls[{index}]", settings.timeout)
            for index, url in enumerate(listed.urls)
        ]
    return found
