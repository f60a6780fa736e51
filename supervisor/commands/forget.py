"""Forgets a tenant, and says what of it that does not reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from common.context import Owner
from common.errors import ConfigurationError
from common.owner_keys import DEFAULT_OWNER
from events.forget import ForgetReport, forget_tenant
from supervisor.tokens import Tokens

if TYPE_CHECKING:
    from common.settings import Settings
    from events.projection import Progress
    from supervisor.bootstrap import Parts

__all__ = ["ForgottenTenant", "forget"]

_ALWAYS = (
    "names of tenants, users and requests, and times, in the headers and stream names of the log",
    "in the log, what its tokens were named and whom they were bound to; they count for nothing any more",
    "copies of the keys in backups, and readable exports that were made before",
    "what other services, models and telemetry were told",
)


@dataclass(frozen=True, slots=True)
class ForgottenTenant:
    """What was done, and what it does not reach: files that are there, then what nobody here can look into."""

    report: ForgetReport
    not_reached: list[str]

    def as_json(self) -> dict[str, Any]:
        """The document of `events forget --json`."""
        report = self.report
        return {
            "tenant": report.tenant,
            "complete": report.is_complete,
            "events": report.events,
            "newly": report.newly,
            "blobs": report.blobs,
            "keys": report.keys,
            "readable": report.readable,
            "readable_blobs": report.readable_blobs,
            "views": {view.name: view.rows for view in report.views},
            "not_reached": self.not_reached,
        }


async def forget(
    parts: Parts, tenant: str, *, by: str, reason: str, progress: Callable[[str], Progress | None]
) -> ForgottenTenant:
    """Forget a tenant. Raises `ConfigurationError` for no name and `StoreError` for what could not be done."""
    if not tenant:
        raise ConfigurationError("no tenant is named", where="forget")
    await Tokens(parts.store, parts.views, parts.clock).forget(tenant, by=by)
    report = await forget_tenant(
        parts.store, parts.views, tenant, by=by, reason=reason, clock=parts.clock, progress=progress
    )
    files = await anyio.to_thread.run_sync(_files, parts.settings, tenant)
    return ForgottenTenant(report, [*files, *_ALWAYS])


def _files(settings: Settings, tenant: str) -> list[str]:
    """What the tenant's people have in files of their own."""
    found: list[tuple[str, Path]] = []
    if tenant == DEFAULT_OWNER.tenant:
        found.append(("the calendar file", settings.calendar_path(DEFAULT_OWNER)))
        found.append(("the documents and their search index", settings.documents_folder(DEFAULT_OWNER)))
    found.append(("calendars and documents of its users", settings.folder_of(Owner(tenant, "-")).parent))
    return [f"{what}: {path}" for what, path in found if path.exists()]
