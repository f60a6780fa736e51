"""Who calls, and whether they may: tokens in the header, or a signed-in browser's cookie."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from common.context import Owner
from common.owner_keys import DEFAULT_OWNER
from supervisor.http.problems import Refused
from supervisor.http.rates import Rates
from supervisor.tokens import ActiveTokens, Grant, Scope

if TYPE_CHECKING:
    from common.clock import Clock
    from common.http_settings import HttpSettings

__all__ = [
    "COOKIE",
    "Access",
    "Approver",
    "Caller",
    "Reader",
    "Requester",
    "Sessions",
    "SystemApprover",
    "SystemController",
    "SystemReader",
    "check_same_site",
    "may",
]

COOKIE = "supervisor_session"
_CSRF = "x-csrf-token"
_SITE = "sec-fetch-site"
_FOREIGN = frozenset({"cross-site", "same-site"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SESSION = re.compile(r"([0-9a-f]{12})\.([0-9]{1,12})\.([0-9a-f]{64})")

_bearer = HTTPBearer(auto_error=False, description="a token made by agent-supervisor tokens create")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls."""

    grant: Grant

    @property
    def by(self) -> str:
        """Who acts, as events name it."""
        return self.grant.by

    def owner(self, tenant: str | None, user: str | None) -> Owner:
        """Whose data the call is about: what the token is bound to, else what it names, else the default owner.

        Raises `Refused` (403) where it names another than the token is bound to.
        """
        return Owner(self.tenant(tenant), self._bound(user, self.grant.user, DEFAULT_OWNER.user))

    def tenant(self, tenant: str | None) -> str:
        """The tenant, like `owner`."""
        return self._bound(tenant, self.grant.tenant, DEFAULT_OWNER.tenant)

    @staticmethod
    def _bound(asked: str | None, bound: str | None, default: str) -> str:
        if bound is not None and asked not in (None, bound):
            raise Refused(403, "the token is bound to another tenant or user", where="tenant, user")
        if asked is not None and not asked.isprintable():
            raise Refused(403, "nobody has a name with control characters", where="tenant, user")
        return bound or asked or default

    @property
    def is_bound(self) -> bool:
        """Whether the token is for one tenant only: then nothing of the system as a whole is shown or changed."""
        return self.grant.tenant is not None


class Sessions:
    """Sign-ins of browsers, kept by nobody: the cookie is signed, with a secret that is in no log and in no answer.

    Revoking the token that it came from ends a session, in every process that serves.
    """

    def __init__(self, secret: bytes, clock: Clock, hours: float) -> None:
        self._secret = secret
        self._clock = clock
        self._lasts = timedelta(hours=hours)

    @property
    def seconds(self) -> int:
        """How long a session lasts."""
        return int(self._lasts.total_seconds())

    def open(self, grant: Grant) -> str:
        """The cookie of a new session."""
        until = int((self._clock.now() + self._lasts).timestamp())
        return f"{grant.token_id}.{until}.{self._signed(grant, f'session {until}')}"

    async def find(self, cookie: str, tokens: ActiveTokens) -> Grant | None:
        """What the session allows; None for one that is over or was never opened."""
        match = _SESSION.fullmatch(cookie)
        if match is None or int(match[2]) <= self._clock.now().timestamp():
            return None
        grant = await tokens.by_id(match[1])
        if grant is None or not hmac.compare_digest(match[3], self._signed(grant, f"session {match[2]}")):
            return None
        return grant

    def csrf(self, grant: Grant, cookie: str) -> str:
        """What a page of ours sends with every change, and a page of somebody else's can't know."""
        return self._signed(grant, f"csrf {cookie}")

    def _signed(self, grant: Grant, text: str) -> str:
        told = f"{grant.token_id} {grant.digest} {text}"
        return hmac.new(self._secret, told.encode(), hashlib.sha256).hexdigest()


class Access:
    """Lets calls in."""

    def __init__(self, tokens: ActiveTokens, settings: HttpSettings, clock: Clock, secret: bytes) -> None:
        """`secret` is what signs sessions: the same in every process that serves them."""
        self.tokens = tokens
        self.sessions = Sessions(secret, clock, settings.session_hours)
        self._rates = Rates(settings.rate, settings.burst)
        self._refused = Rates(settings.refused_rate, settings.refused_burst)

    async def admit(self, request: Request, token: str | None, scope: Scope, *, whole: bool = False) -> Caller:
        """The caller, if its token or session is for this. Raises `Refused` (401, 403, 429).

        `whole`: this is about the system as a whole, and not for a token that is bound to a tenant.
        """
        grant = await (self._by_cookie(request) if token is None else self.tokens.find(token))
        if grant is None:  # who shows a token that counts does not pay for others behind the same address
            wait = self._refused.take(_address(request))
            if wait:
                raise _too_much(wait, "too many calls without a token that counts")
            raise Refused(
                401,
                "the call shows no token that counts" if token is None else "the token is unknown, revoked or over",
                where="Authorization",
                todo="Send 'Authorization: Bearer …' with a token of agent-supervisor tokens create.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        wait = self._rates.take(grant.token_id)
        if wait:
            raise _too_much(wait, "too many calls with this token")
        if scope not in grant.scopes:
            raise Refused(403, f"the token has no scope {scope.value!r}", where="Authorization")
        if whole and grant.tenant is not None:
            raise Refused(
                403,
                "the token is bound to a tenant, and this is about the system as a whole",
                where="Authorization",
                todo="Use a token that was made without --tenant.",
            )
        return Caller(grant)

    async def _by_cookie(self, request: Request) -> Grant | None:
        cookie = request.cookies.get(COOKIE)
        if cookie is None:
            return None
        grant = await self.sessions.find(cookie, self.tokens)
        if grant is None or request.method in _SAFE:
            return grant
        check_same_site(request)
        shown = request.headers.get(_CSRF, "")
        if not hmac.compare_digest(shown.encode(), self.sessions.csrf(grant, cookie).encode()):
            raise Refused(403, "a change from a browser carries the page's own token", where=_CSRF)
        return grant


def _too_much(seconds: float, what: str) -> Refused:
    return Refused(429, what, headers={"Retry-After": str(max(1, math.ceil(seconds)))})


def check_same_site(request: Request) -> None:
    """Raise `Refused` (403) for what a browser says that another site's page has it send."""
    if request.headers.get(_SITE, "") in _FOREIGN:
        raise Refused(403, "a page of another site asks for this", where=_SITE)


def _address(request: Request) -> str:
    """Whose calls count together: an address, or of IPv6 the network, of which one party has all addresses."""
    host = request.client.host if request.client is not None else ""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    if found.version == 4:
        return host
    return str(found.ipv4_mapped or ipaddress.ip_network((int(found), 64), strict=False))


def may(scope: Scope, *, whole: bool = False) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, who needs this scope; `whole`: and a token that is bound to no tenant."""

    async def caller(
        request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
    ) -> Caller:
        access: Access = request.app.state.access
        return await access.admit(request, None if shown is None else shown.credentials, scope, whole=whole)

    return caller


Reader = Annotated[Caller, Depends(may(Scope.READ))]
Requester = Annotated[Caller, Depends(may(Scope.REQUEST))]
Approver = Annotated[Caller, Depends(may(Scope.APPROVE))]
SystemReader = Annotated[Caller, Depends(may(Scope.READ, whole=True))]
SystemApprover = Annotated[Caller, Depends(may(Scope.APPROVE, whole=True))]
SystemController = Annotated[Caller, Depends(may(Scope.CONTROL, whole=True))]
