"""`agent-supervisor tokens`: who may use the HTTP API, and what for."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter

from common.errors import ConfigurationError
from supervisor.cli.options import CommonOptions, who
from supervisor.cli.output import columns, note, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.tokens import TokenRecord

__all__ = ["create", "list_tokens", "revoke"]

_LASTS = re.compile(r"([1-9][0-9]{0,4})([dhw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_By = Annotated[str | None, Parameter(help="Who decides (default: the login name).")]
_Json = Annotated[bool, Parameter(help="Print one JSON document instead.")]


def create(
    name: Annotated[str, Parameter(help="What it is for, such as dashboard of maria.")],
    /,
    *,
    scope: Annotated[
        tuple[str, ...], Parameter(help="read, request, approve or control (repeatable; default: read).")
    ] = (),
    tenant: Annotated[str | None, Parameter(help="Only for this tenant's data.")] = None,
    user: Annotated[str | None, Parameter(help="Only for this user's data, with --tenant.")] = None,
    expires: Annotated[str | None, Parameter(help="How long it counts: 12h, 30d, 8w (default: until revoked).")] = None,
    by: _By = None,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Make a token. It is shown this once: the log keeps a digest of it."""
    lasts = _duration(expires)

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            made = await supervisor.tokens.create(
                name, scope or ("read",), by=who(by), tenant=tenant, user=user, lasts=lasts
            )
        if json:
            document = {**made.record.model_dump(mode="json"), "token": made.token}
            _write_unredacted(_json_text(document))
        else:
            _write_unredacted(made.token)
            note("Keep it: it is not shown again.")
        return 0

    return anyio.run(work)


def list_tokens(
    *,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Every token there ever was, the oldest first."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            tokens = await supervisor.tokens.list()
        if json:
            write_json([token.model_dump(mode="json") for token in tokens])
        elif not tokens:
            note("There is no token yet; make one with tokens create.")
        else:
            header = ("ID", "NAME", "SCOPES", "FOR", "MADE", "STATE")
            write("\n".join(columns(header, _cells(tokens), terminal_width())))
        return 0

    return anyio.run(work)


def revoke(
    token_id: Annotated[str, Parameter(help="Its id, as “tokens” lists it.")],
    /,
    *,
    reason: Annotated[str, Parameter(help="Why; recorded with it.")] = "",
    by: _By = None,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Have a token count for nothing; servers see it within a second."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            await supervisor.tokens.revoke(token_id, by=who(by), reason=reason)
        note(f"The token {token_id} counts for nothing any more.")
        return 0

    return anyio.run(work)


def _duration(text: str | None) -> timedelta | None:
    if text is None:
        return None
    match = _LASTS.fullmatch(text)
    if match is None:
        raise ConfigurationError(f"{text!r} is no length of time", where="--expires", todo="Write 12h, 30d or 8w.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _cells(tokens: Sequence[TokenRecord]) -> list[tuple[str, ...]]:
    return [
        (
            token.token_id,
            token.name,
            ",".join(token.scopes),
            "/".join(name for name in (token.tenant, token.user) if name is not None) or "everybody",
            f"{token.created_at.astimezone():%Y-%m-%d %H:%M}",
            _state(token),
        )
        for token in tokens
    ]


def _state(token: TokenRecord) -> str:
    if token.revoked_at is not None:
        return f"revoked {token.revoked_at.astimezone():%Y-%m-%d %H:%M}"
    return "counts" if token.expires_at is None else f"until {token.expires_at.astimezone():%Y-%m-%d %H:%M}"


def _json_text(document: object) -> str:
    from json import dumps

    return dumps(document, ensure_ascii=False, indent=2)


def _write_unredacted(text: str) -> None:
    """The one place where a secret is written: to whoever asked for it to be made."""
    sys.stdout.write(text + "\n")
