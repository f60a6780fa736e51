"""Options that commands share, and what they mean."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter
from pydantic import ValidationError

from common.context import Owner, TaskContext
from common.errors import ConfigurationError
from common.yaml_document import value_from_text

__all__ = [
    "AT_HELP",
    "CommonOptions",
    "OwnerOptions",
    "RequestOptions",
    "find_config",
    "moment_of",
    "parse_flags",
    "request_context",
    "who",
]

AT_HELP = (
    "As it stood then: a position of the log (digits), or an ISO 8601 time, in this machine's zone where it names none."
)

_COMMON = Group("Common options", sort_key=10)
_OWNER = Group("Whose data", sort_key=5)


@Parameter(name="*", group=_COMMON)
@dataclass(frozen=True, slots=True)
class CommonOptions:
    """What every command takes."""

    config: Annotated[
        Path | None,
        Parameter(help="Configuration file (else $SUPERVISOR_CONFIG, else config.yaml in the current folder)."),
    ] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None, Parameter(help="Log records from this level on.")
    ] = None
    log_file: Annotated[Path | None, Parameter(help="Log to this file instead of standard error.")] = None
    log_json: Annotated[bool, Parameter(help="Log one JSON object a line.")] = False


@Parameter(name="*", group=_OWNER)
@dataclass(frozen=True, slots=True)
class OwnerOptions:
    """Whose memory, sessions, timers, documents, approvals and traces a command works with."""

    user: Annotated[str, Parameter(help="The user (default: local).")] = "local"
    tenant: Annotated[str, Parameter(help="The tenant (default: default).")] = "default"

    @property
    def owner(self) -> Owner:
        """Tenant and user."""
        return Owner(self.tenant, self.user)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class RequestOptions:
    """What a request says about itself."""

    session: Annotated[str | None, Parameter(help="Continue this conversation.")] = None
    flag: Annotated[
        tuple[str, ...], Parameter(name="--flag", help="Override a feature flag: KEY=on|off (repeatable).")
    ] = ()
    timezone: Annotated[str | None, Parameter(help="IANA time zone, such as Europe/Zurich.")] = None
    location: Annotated[str | None, Parameter(help="Where you are, such as Zürich.")] = None
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False


def moment_of(text: str | None) -> int | datetime | None:
    """What ``--at`` names. Raises `ConfigurationError`."""
    from supervisor.queries.moments import read_moment

    return None if text is None else read_moment(text)


def find_config(common: CommonOptions, environ: Mapping[str, str], folder: Path) -> Path | None:
    """The configuration file: named by option, by environment, or ``config.yaml`` in `folder` if there is one."""
    if common.config is not None:
        return common.config
    if named := environ.get("SUPERVISOR_CONFIG"):
        return Path(named)
    here = folder / "config.yaml"
    return here if here.is_file() else None


def parse_flags(given: Sequence[str]) -> dict[str, bool | str | int | float]:
    """Overrides from ``KEY=VALUE`` (on/off, true/false, numbers, else text). Raises `ConfigurationError`."""
    flags: dict[str, bool | str | int | float] = {}
    for item in given:
        key, equals, text = item.partition("=")
        value = value_from_text(text)
        if not key or not equals or not isinstance(value, (bool, str, int, float)):
            raise ConfigurationError(
                "a flag is given as KEY=VALUE", where=f"--flag {item}", todo="For example --flag meta-planning=on."
            )
        flags[key.strip()] = value
    return flags


def request_context(
    options: RequestOptions, owner: OwnerOptions, *, request_id: str | None = None, at: str | None = None
) -> TaskContext:
    """The context that the options describe. Raises `ConfigurationError` that names the option."""
    given = {
        "user": owner.user,
        "tenant": owner.tenant,
        "session": options.session,
        "request_id": request_id,
        "timezone": options.timezone,
        "location": options.location,
        "current_time": _moment(at),
        "flags": parse_flags(options.flag),
    }
    try:
        return TaskContext.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]).replace("_", "-")
        raise ConfigurationError(first["msg"].removeprefix("Value error, "), where=f"--{name}") from None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{text!r} is no ISO 8601 time", where="--at", todo="For example --at 2026-11-27T18:30."
        ) from None


def who(given: str | None) -> str:
    """The name under which a decision is recorded: as given, else the login name."""
    if given:
        return given
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return "local"
