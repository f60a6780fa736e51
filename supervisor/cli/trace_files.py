"""`agent-supervisor traces import`, `export` and `outcome`: runs of other agents, and how good runs were."""

from __future__ import annotations

import gzip
import io
import json as json_module
from collections.abc import Generator
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO, cast

import anyio
from cyclopts import Parameter

from common.errors import ConfigurationError
from supervisor.cli.bars import bars
from supervisor.cli.event_transfer import whole_file
from supervisor.cli.options import CommonOptions, OwnerOptions
from supervisor.cli.output import note, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from supervisor.learning.trace_transfer import ImportedTraces

__all__ = ["export_file", "import_files", "outcome"]

_TOLD = 20
_WORDS = {"yes": 1.0, "true": 1.0, "success": 1.0, "no": 0.0, "false": 0.0, "failure": 0.0}


def import_files(
    *files: Annotated[Path, Parameter(help="Files of traces, or of OpenTelemetry spans (OTLP JSON); gzip too.")],
    agent_type: Annotated[
        str | None, Parameter(help="The agent type of runs that do not name theirs (else their domain, or agent).")
    ] = None,
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Take in runs of other agents, to learn from.

    A run is taken once, however often it is imported. What can't be read is told by line, and skipped; the command
    fails only when nothing could be read.
    """
    if not files:
        raise ConfigurationError("no file is named", where="traces import", todo="Name one or more files.")
    if agent_type is not None and (not agent_type.strip() or len(agent_type) > 128 or not agent_type.isprintable()):
        raise ConfigurationError("an agent type is 1 to 128 printable characters", where="--agent-type")

    async def work() -> int:
        done: list[tuple[Path, ImportedTraces]] = []
        async with open_supervisor(common) as supervisor:
            with bars(quiet=quiet) as shown:
                for file in files:
                    imported = await supervisor.import_traces(
                        file, agent_type=agent_type, owner=owner.owner, progress=shown.follow(file.name)
                    )
                    done.append((file, imported))
        if json:
            write_json([{"file": str(file), **asdict(imported)} for file, imported in done])
        else:
            for file, imported in done:
                _write_import(file, imported)
        return 1 if any(imported.skipped and not imported.traces for _, imported in done) else 0

    return anyio.run(work)


def _write_import(file: Path, told: ImportedTraces) -> None:
    for problem in told.problems[:_TOLD]:
        note(f"{file}, line {problem.line}: {problem.text}{' (skipped)' if problem.skipped else ''}")
    more = told.skipped + told.remarks - min(_TOLD, len(told.problems))
    if more > 0:
        note(f"{file}: {more} more like these (--json tells the first 1,000)")
    known = f", {told.known} were there already" if told.known else ""
    different = f" ({told.different} of them saying something else)" if told.different else ""
    skipped = f", {told.skipped} skipped" if told.skipped else ""
    write(f"{file}: {told.traces} traces read, {told.added} added{known}{different}{skipped}")
    if told.unjudged:
        which = "1 does" if told.unjudged == 1 else f"{told.unjudged} do"
        note(f"Of those added {which} not say whether it went well: tell it with traces outcome ID SCORE.")


def export_file(
    file: Annotated[Path, Parameter(help="Where to; gzipped where the name ends with .gz.")],
    /,
    *,
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """All runs that ended, one JSON object a line, in the format that import reads; redacted.

    What the supervisor handled comes as one run for each agent type that had a part in it. The file is there when it
    is whole; only its owner may read it.
    """

    async def work() -> int:
        count = 0
        with ExitStack() as opened:
            async with open_supervisor(common) as supervisor:
                follow = opened.enter_context(bars(quiet=quiet)).follow("export")
                lines = opened.enter_context(_opened(file))
                async with aclosing(supervisor.export_traces(owner=owner.owner, progress=follow)) as rows:
                    async for row in rows:
                        lines.write(json_module.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
                        count += 1
        note(f"{count} traces written to {file}")
        return 0

    return anyio.run(work)


@contextmanager
def _opened(file: Path) -> Generator[TextIO]:
    with whole_file(file) as plain:
        if file.suffix != ".gz":
            yield plain
            return
        with (
            gzip.GzipFile(filename="", mode="wb", fileobj=cast("io.TextIOWrapper", plain).buffer, mtime=0) as packed,
            io.TextIOWrapper(packed, encoding="utf-8") as lines,
        ):
            yield lines


def outcome(
    trace_id: Annotated[str, Parameter(help="Its id, or of a handled request the beginning of it.")],
    score: Annotated[str, Parameter(help="From 0 (useless) to 1 (perfect), or yes or no.")],
    /,
    *,
    comment: Annotated[str, Parameter(help="Why, for the log.")] = "",
    by: Annotated[str, Parameter(help="Who says so (default: the user).")] = "",
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    owner: OwnerOptions = OwnerOptions(),  # noqa: B008 - frozen
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Say how good a run was; the last word counts, and learning goes by it."""
    number = _score(score)

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            found = await supervisor.report_outcome(trace_id, number, comment, by=by, owner=owner.owner)
        if json:
            write_json({"trace_id": found, "score": number, "comment": comment})
        else:
            write(f"{found}: {number:g}")
        return 0

    return anyio.run(work)


def _score(text: str) -> float:
    from supervisor.commands.outcomes import checked_score

    word = _WORDS.get(text.strip().lower())
    if word is not None:
        return word
    try:
        return checked_score(float(text))
    except ValueError:
        raise ConfigurationError(
            f"a score is from 0 to 1, or yes or no, not {text[:40]!r}", where="traces outcome"
        ) from None
