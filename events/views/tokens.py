"""The tokens of the HTTP API, with their digests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from events.catalogue.token import TokenCreated, TokenRevoked
from events.projection import Column, RecordedEvent, Row

__all__ = ["TokenView"]


class TokenView:
    """View `tokens`; a token in use has no `revoked_at`. Those of a forgotten tenant are not in it."""

    name = "tokens"
    version = 2
    key = (Column("token_id", "text"),)
    columns = (
        Column("digest", "text"),
        Column("name", "text"),
        Column("scopes", "json"),
        Column("token_tenant", "text"),
        Column("token_user", "text"),
        Column("expires_at", "time"),
        Column("created_at", "time"),
        Column("created_by", "text"),
        Column("revoked_at", "time"),
        Column("revoked_by", "text"),
        Column("reason", "text"),
        Column("position", "integer"),
    )
    indexes = ()
    topics = frozenset({TokenCreated.TOPIC, TokenRevoked.TOPIC})

    def keys(self, event: RecordedEvent) -> Iterable[tuple[Any, ...]]:
        """The token that the event names."""
        match event.event:
            case TokenCreated(token_id=token_id) | TokenRevoked(token_id=token_id):
                return ((token_id,),)
            case _:
                return ()

    def evolve(self, key: tuple[Any, ...], row: Row | None, event: RecordedEvent) -> Row | None:
        """The token after the event; one that was revoked stays so."""
        match event.event:
            case TokenCreated() as token if row is None:
                return {
                    "digest": token.digest,
                    "name": token.name,
                    "scopes": token.scopes,
                    "token_tenant": token.tenant,
                    "token_user": token.user,
                    "expires_at": token.expires_at,
                    "created_at": event.recorded_at,
                    "created_by": token.by,
                    "position": event.position,
                }
            case TokenRevoked(forgotten=True):
                return None
            case TokenRevoked(by=by, reason=reason) if row is not None:
                return {**row, "revoked_at": event.recorded_at, "revoked_by": by, "reason": reason}
            case _:
                return row
