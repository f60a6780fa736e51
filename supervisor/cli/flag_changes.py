"""`agent-supervisor flags set | reset`: who gets which variant, changed in the file of definitions and in the log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Literal

import anyio
from cyclopts import Parameter

from common.errors import ConfigurationError
from supervisor.cli.flag_lines import definition_text
from supervisor.cli.flag_values import attribute_rules, shares, values, variants
from supervisor.cli.options import CommonOptions, who
from supervisor.cli.output import note, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from events.catalogue.flag import FlagChanged
    from supervisor.flags import FlagControl

__all__ = ["reset_flag", "set_flag"]

_Key = Annotated[str, Parameter(help="The flag, as “flags” lists it.")]
_By = Annotated[str | None, Parameter(help="Who changes it (default: the login name).")]
_Reason = Annotated[str, Parameter(help="Why; recorded with the change.")]
_Json = Annotated[bool, Parameter(help="Print one JSON document instead.")]
_Pairs = tuple[str, ...]


def set_flag(
    key: _Key,
    /,
    *,
    variant: Annotated[
        str | None, Parameter(help="What everybody else gets; without --percent it ends the percentages.")
    ] = None,
    percent: Annotated[
        _Pairs, Parameter(help="The share that gets on, in percent; or VARIANT=PERCENT (repeatable). 0 ends it.")
    ] = (),
    tenant: Annotated[_Pairs, Parameter(help="TENANT=VARIANT (repeatable); TENANT= drops the rule.")] = (),
    user: Annotated[_Pairs, Parameter(help="USER=VARIANT, looked at after tenants.")] = (),
    session: Annotated[_Pairs, Parameter(help="SESSION=VARIANT, looked at after users.")] = (),
    attribute: Annotated[_Pairs, Parameter(help="NAME=VALUE=VARIANT, looked at after sessions.")] = (),
    per: Annotated[
        Literal["request", "tenant", "user", "session"] | None,
        Parameter(help="Whose requests get the same side of the percentage (default: each request its own)."),
    ] = None,
    define: Annotated[_Pairs, Parameter(help="Add a variant: NAME=VALUE (repeatable).")] = (),
    only: Annotated[bool, Parameter(help="Drop every rule and percentage that stood there.")] = False,
    enable: Annotated[bool, Parameter(help="Have the definition count.")] = False,
    disable: Annotated[bool, Parameter(help="Keep it, but have settings and default hold.")] = False,
    reason: _Reason = "",
    by: _By = None,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Change who gets which variant. What is not named stays; the file is checked first and replaced as a whole."""
    if enable and disable:
        raise ConfigurationError("a flag can't be both", where="--enable --disable")

    async def change(flags: FlagControl) -> FlagChanged | None:
        return await flags.set(
            key,
            by=who(by),
            reason=reason,
            variant=variant,
            percent=shares(percent),
            tenants=variants(tenant, "--tenant"),
            users=variants(user, "--user"),
            sessions=variants(session, "--session"),
            attributes=attribute_rules(attribute),
            per=per,
            define=values(define, "--define", "careful=3"),
            only=only,
            enabled=True if enable else False if disable else None,
        )

    return anyio.run(_change, key, change, common, json)


def reset_flag(
    key: _Key,
    /,
    *,
    reason: _Reason = "",
    by: _By = None,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Take the flag's definition out of the file: settings and default hold again."""

    async def change(flags: FlagControl) -> FlagChanged | None:
        return await flags.reset(key, by=who(by), reason=reason)

    return anyio.run(_change, key, change, common, json)


async def _change(
    key: str, change: Callable[[FlagControl], Awaitable[FlagChanged | None]], common: CommonOptions, as_json: bool
) -> int:
    async with open_supervisor(common) as supervisor:
        changed = await change(supervisor.flags)
    if as_json:
        write_json(None if changed is None else changed.model_dump(mode="json"))
    elif changed is None:
        note(f"{key} is so already; nothing was changed.")
    else:
        write(f"{key}: {definition_text(changed.after)}")
    return 0
