"""Tokens of the HTTP API: made, listed, revoked, and recognised. The log keeps a digest of each, never the token."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

import anyio
from pydantic import BaseModel, ConfigDict

from common.clock import Clock
from common.errors import ConfigurationError, NotFound, StreamConflict
from events.catalogue.token import TokenCreated, TokenRevoked
from events.projection import Views
from events.store import EventStore, stream_name
from events.topic_news import TopicNews
from events.views.tokens import TokenView

__all__ = ["ActiveTokens", "Grant", "NewToken", "Scope", "TokenRecord", "Tokens"]

_FORM = re.compile(r"asv_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_MANY = 100_000
_ATTEMPTS = 10
_MAX_NAME = 200
_REFRESH = 0.5
"""Seconds that a revocation by another process may take to be seen."""
_UNKNOWN = "0" * 64


class Scope(StrEnum):
    """What a token is for; each stands by itself.

    read: look at everything of its tenant. request: have requests handled, and stop them. approve: decide on what
    waits for a person. control: change what the system does (flags, guidelines, agents, monitoring).
    """

    READ = "read"
    REQUEST = "request"
    APPROVE = "approve"
    CONTROL = "control"


class TokenRecord(BaseModel):
    """A token as the log knows it. `tenant` and `user` bind it; None: it may speak for any."""

    model_config = ConfigDict(frozen=True)

    token_id: str
    name: str
    scopes: tuple[Scope, ...]
    tenant: str | None
    user: str | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made: `token` is told this once."""

    token: str
    record: TokenRecord


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token that was shown allows."""

    token_id: str
    digest: str
    name: str
    scopes: frozenset[Scope]
    tenant: str | None
    user: str | None
    expires_at: datetime | None

    @property
    def by(self) -> str:
        """Who acts, as events name it."""
        if self.user is None:
            return f"{self.name} (token {self.token_id})"
        return f"{self.user} ({self.name}, token {self.token_id})"


class Tokens:
    """Makes, lists and revokes tokens."""

    def __init__(self, store: EventStore, views: Views, clock: Clock) -> None:
        self._store = store
        self._views = views
        self._clock = clock

    async def create(
        self,
        name: str,
        scopes: Collection[Scope | str],
        *,
        by: str,
        tenant: str | None = None,
        user: str | None = None,
        lasts: timedelta | None = None,
    ) -> NewToken:
        """Make a token. Raises `ConfigurationError` for a name, scopes or a binding that can't be, and `StoreError`."""
        given = _checked_scopes(scopes)
        for what, value in (("name", name), ("tenant", tenant), ("user", user)):
            if value is not None and not (0 < len(value) <= _MAX_NAME and value.isprintable()):
                raise ConfigurationError(
                    f"the token's {what} has 1 to {_MAX_NAME} visible characters", where=f"tokens: {what}"
                )
        if user is not None and tenant is None:
            raise ConfigurationError(
                "a token that is bound to a user is bound to the user's tenant", where="tokens: tenant"
            )
        if lasts is not None and lasts <= timedelta(0):
            raise ConfigurationError("a token lasts for a time to come", where="tokens: expiry")
        token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        created = TokenCreated(
            token_id=token_id,
            digest=_digest(secret),
            name=name,
            scopes=[scope.value for scope in given],
            tenant=tenant,
            user=user,
            expires_at=None if lasts is None else self._clock.now() + lasts,
            by=by,
        )
        await self._store.append(_stream(token_id), [created], expected_version=0)
        return NewToken(f"asv_{token_id}_{secret}", await self._record(token_id))

    async def list(self) -> list[TokenRecord]:
        """Every token there ever was, the oldest first."""
        rows = await self._views.query(TokenView.name, order_by="position", limit=_MANY)
        return [_record(row) for row in rows]

    async def revoke(self, token_id: str, *, by: str, reason: str = "") -> TokenRecord:
        """Have a token count for nothing; one that does already stays so. Raises `NotFound`."""
        stream = _stream(token_id)
        for attempt in range(_ATTEMPTS):
            recorded = await self._store.read(stream) if token_id.isalnum() and token_id.isascii() else []
            if not recorded:
                raise NotFound(
                    f"there is no token {token_id[:40]!r}", where="tokens", todo="List them with tokens list."
                )
            if any(isinstance(entry.event, TokenRevoked) for entry in recorded):
                return await self._record(token_id)
            event = TokenRevoked(token_id=token_id, by=by, reason=reason)
            try:
                await self._store.append(stream, [event], expected_version=recorded[-1].version)
            except StreamConflict:  # somebody else was first: look again
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            break
        return await self._record(token_id)

    async def forget(self, tenant: str, *, by: str) -> int:
        """Have a tenant's tokens count for nothing and be listed no more; returns how many. Raises `StoreError`."""
        rows = await self._views.query(TokenView.name, {"token_tenant": tenant}, limit=_MANY)
        for token_id in (str(row["token_id"]) for row in rows):
            event = TokenRevoked(token_id=token_id, by=by, reason="its tenant was forgotten", forgotten=True)
            await self._store.append(_stream(token_id), [event])
        return len(rows)

    async def _record(self, token_id: str) -> TokenRecord:
        rows = await self._views.query(TokenView.name, {"token_id": token_id}, limit=1)
        if not rows:
            raise NotFound(f"the token {token_id!r} was forgotten with its tenant", where="tokens")
        return _record(rows[0])


class ActiveTokens:
    """Recognises tokens: a snapshot of the view `tokens`, read anew at most every half second, when asked."""

    def __init__(self, store: EventStore, views: Views, clock: Clock) -> None:
        self._views = views
        self._clock = clock
        self._news = TopicNews(store, TokenView.topics)
        self._grants: Mapping[str, Grant] = MappingProxyType({})
        self._looked = float("-inf")
        self._lock = anyio.Lock()

    async def find(self, token: str) -> Grant | None:
        """What a token allows; None for one that is unknown, revoked or over. Compares in constant time."""
        match = _FORM.fullmatch(token)
        if match is None:
            return None
        await self._refresh()
        grant = self._grants.get(match[1])
        same = hmac.compare_digest(_digest(match[2]), _UNKNOWN if grant is None else grant.digest)
        return self._lasting(grant) if same else None

    async def by_id(self, token_id: str) -> Grant | None:
        """What the token of that id allows; None like `find`."""
        await self._refresh()
        return self._lasting(self._grants.get(token_id))

    async def any(self) -> bool:
        """Whether there is a token that somebody could show."""
        await self._refresh()
        return any(self._lasting(grant) is not None for grant in self._grants.values())

    def _lasting(self, grant: Grant | None) -> Grant | None:
        if grant is None or (grant.expires_at is not None and grant.expires_at <= self._clock.now()):
            return None
        return grant

    async def _refresh(self) -> None:
        if anyio.current_time() - self._looked < _REFRESH:
            return
        async with self._lock:
            if anyio.current_time() - self._looked < _REFRESH:
                return
            position = await self._news.look()
            if position is not None:
                rows = await self._views.query(TokenView.name, {"revoked_at": None}, limit=_MANY)
                self._grants = MappingProxyType({str(row["token_id"]): _grant(row) for row in rows})
                self._news.taken(position)
            self._looked = anyio.current_time()


def _checked_scopes(scopes: Collection[Scope | str]) -> Sequence[Scope]:
    known = [scope.value for scope in Scope]
    wrong = [str(scope) for scope in scopes if scope not in known]
    if wrong or not scopes:
        raise ConfigurationError(
            f"there is no scope {wrong[0][:40]!r}" if wrong else "a token needs a scope",
            where="tokens: scopes",
            todo=f"Scopes: {', '.join(known)}.",
        )
    return [scope for scope in Scope if scope in scopes]


def _record(row: Mapping[str, object]) -> TokenRecord:
    values = {name: value for name, value in row.items() if name in TokenRecord.model_fields}
    return TokenRecord.model_validate({**values, "tenant": row["token_tenant"], "user": row["token_user"]})


def _grant(row: Mapping[str, object]) -> Grant:
    record = _record(row)
    return Grant(
        record.token_id, str(row["digest"]), record.name, frozenset(record.scopes), record.tenant, record.user,
        record.expires_at,
    )  # fmt: skip


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _stream(token_id: str) -> str:
    return stream_name("token", token_id)
