"""`agent-supervisor traces cancel` and `traces resume`: stop a request, and go on with one."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter
from cyclopts.validators import Number

from common.context import TaskContext
from common.errors import SupervisorError
from common.limits import Limits
from common.updates import Completed
from supervisor.cli.options import CommonOptions, OwnerOptions
from supervisor.cli.output import redact_known, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from common.results import Response
    from supervisor.facade import Supervisor

__all__ = ["cancel_trace", "resume_trace"]


def cancel_trace(
    trace_id: Annotated[str, Parameter(help="Its id, or the beginning of it.")],
    /,
    *,
    reason: Annotated[str, Parameter(help="Why, for the log.")] = "",
    wait: Annotated[float, Parameter(help="Wait for its end for at most so many seconds (default: 15).")] = 15.0,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Stop a running request, whichever process handles it.

    It is seen there within a second. What was carried out before stays; the answer tells of it.
    """

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            found = await supervisor.cancel(trace_id, owner=owner.owner, reason=reason, timeout=wait)
        response = found.response
        if json:
            answer = None if response is None else response.model_dump(mode="json")
            write_json({"trace_id": found.trace_id, "state": found.state, "response": answer})
        else:
            write(found.text)
            if response is not None:
                write(response.text)
        return 0 if found.state == "cancelled" else 1

    return anyio.run(work)


def resume_trace(
    trace_id: Annotated[str, Parameter(help="Its id, or the beginning of it.")],
    /,
    *,
    seconds: Annotated[
        float | None, Parameter(help="Let it take at most so many seconds now.", validator=Number(gt=0))
    ] = None,
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Go on with a request that was interrupted, cancelled or stopped at a limit.

    Tasks that had ended are not done again. Of a request that ended by itself the answer is given again, with what
    became of its intents since.
    """
    limits = None if seconds is None else Limits(wall_clock=seconds)

    async def work() -> int:
        from supervisor.cli.account import exit_code
        from supervisor.cli.ask import print_response

        async with open_supervisor(common) as supervisor:
            detail = await supervisor.trace(trace_id, owner=owner.owner)
            redact_known(str(detail.row.get("request", "")))
            response = await _resumed(supervisor, str(detail.row["trace_id"]), owner, limits, quiet=quiet)
            if json:
                write_json(response.model_dump(mode="json"))
            else:
                context = TaskContext(user=owner.owner.user, tenant=owner.owner.tenant)
                await print_response(supervisor, response, context)
        return exit_code(response.outcome)

    return anyio.run(work)


async def _resumed(
    supervisor: Supervisor, trace_id: str, owner: OwnerOptions, limits: Limits | None, *, quiet: bool
) -> Response:
    from supervisor.cli.progress import make_progress

    with make_progress(quiet=quiet) as progress:
        async with aclosing(supervisor.stream_resume(trace_id, owner=owner.owner, limits=limits)) as updates:
            async for update in updates:
                if isinstance(update, Completed):
                    return update.response
                progress.show(update)
    raise SupervisorError("the request ended without an answer", where="resume")
