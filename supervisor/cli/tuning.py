"""`agent-supervisor tuning`: settings that are changed while supervisors run, on top of the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from cyclopts import Parameter

from supervisor.cli.options import CommonOptions, who
from supervisor.cli.output import columns, note, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.tuning import TunedSetting

__all__ = ["history", "list_settings", "reset", "set_value"]

_Key = Annotated[str, Parameter(help="As “tuning list --all” names it.")]
_By = Annotated[str | None, Parameter(help="Who decides (default: the login name).")]
_Reason = Annotated[str, Parameter(help="Why; recorded with the change.")]
_Json = Annotated[bool, Parameter(help="Print one JSON document instead.")]


def list_settings(
    *,
    all: Annotated[bool, Parameter(help="Those that are as configured, too.")] = False,
    json: _Json = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """What was tuned; with --all everything that may be, and the bounds."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            settings = await supervisor.tuning.settings()
            elsewhere = dict(supervisor.tuning.elsewhere)
        shown = [each for each in settings if all or each.tuned or each.problem]
        if json:
            write_json([_as_json(each) for each in shown])
        elif not shown:
            note(f"Everything {'else ' if elsewhere else ''}is as configured; --all lists what may be tuned.")
        else:
            header = ("SETTING", "VALUE", "CONFIGURED", "BOUNDS", "BY", "WHY")
            write("\n".join(columns(header, [_cells(each) for each in shown], terminal_width())))
        for key, value in elsewhere.items():
            note(f"{key} is {value:g} where that is known; here it is not, such as the tool of another host.")
        return 0

    return anyio.run(work)


def set_value(
    key: _Key,
    value: Annotated[float, Parameter(help="In the unit that “tuning list --all” names.")],
    /,
    *,
    reason: _Reason = "",
    by: _By = None,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Have a setting hold this value, in every supervisor on this log, from within a second on."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            _told(await supervisor.tuning.set(key, value, by=who(by), reason=reason))
        return 0

    return anyio.run(work)


def reset(
    key: _Key,
    /,
    *,
    reason: _Reason = "",
    by: _By = None,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Have the configured value hold again."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            _told(await supervisor.tuning.reset(key, by=who(by), reason=reason))
        return 0

    return anyio.run(work)


def history(key: _Key, /, *, json: _Json = False, common: CommonOptions = CommonOptions()) -> int:  # noqa: B008
    """Every recorded change of a setting, oldest first."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            changes = await supervisor.tuning.history(key)
        if json:
            write_json([{**asdict(change), "at": change.at.isoformat()} for change in changes])
        elif not changes:
            note(f"{key} was never tuned.")
        else:
            cells = [
                (
                    f"{each.at.astimezone():%Y-%m-%d %H:%M:%S}",
                    _value(each.before),
                    _value(each.value),
                    each.by,
                    each.reason,
                )
                for each in changes
            ]
            write("\n".join(columns(("WHEN", "FROM", "TO", "BY", "WHY"), cells, terminal_width())))
        return 0

    return anyio.run(work)


def _told(setting: TunedSetting) -> None:
    unit = f" {setting.unit}" if setting.unit else ""
    write(f"{setting.key} is {setting.value:g}{unit}{'' if setting.tuned else ', as configured'}.")


def _cells(setting: TunedSetting) -> Sequence[str]:
    unit = f" {setting.unit}" if setting.unit else ""
    return (
        setting.key,
        f"{setting.value:g}{unit}",
        f"{setting.configured:g}",
        f"{setting.low:g} to {setting.high:g}",
        setting.by,
        setting.problem or setting.reason or (setting.about if not setting.tuned else ""),
    )


def _value(value: float | None) -> str:
    return "as configured" if value is None else f"{value:g}"


def _as_json(setting: TunedSetting) -> dict[str, Any]:
    return {**asdict(setting), "at": None if setting.at is None else setting.at.isoformat()}
