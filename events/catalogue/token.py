"""token/<id>: who may use the HTTP API, and what for. Only a digest of each token is kept."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from events.catalogue.base import Event

__all__ = ["TokenCreated", "TokenRevoked"]


class TokenCreated(Event):
    """A token was handed out. `tenant` and `user` bind it to one; None: it may speak for any.

    `digest` is the SHA-256 of its secret, which is 32 random bytes: nothing slower is needed against guessing.
    """

    TOPIC: ClassVar[str] = "token.created"
    PERSONAL: ClassVar[bool] = False
    token_id: str
    digest: str
    name: str
    scopes: list[str]
    tenant: str | None = None
    user: str | None = None
    expires_at: datetime | None = None
    by: str = ""


class TokenRevoked(Event):
    """A token counts for nothing any more; `forgotten` where that is because its tenant was."""

    TOPIC: ClassVar[str] = "token.revoked"
    PERSONAL: ClassVar[bool] = False
    token_id: str
    by: str = ""
    reason: str = ""
    forgotten: bool = False
