"""`agent-supervisor build` and `builds`: an agent from a sentence, and how builds went."""

from __future__ import annotations

import json as json_of
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from cyclopts import Parameter
from pydantic import JsonValue

from common.errors import ConfigurationError, NotFound, SupervisorError
from supervisor.cli.figures import figure_lines
from supervisor.cli.options import CommonOptions, who
from supervisor.cli.output import columns, note, one_line, terminal_width, write, write_json
from supervisor.cli.runtime import open_supervisor

if TYPE_CHECKING:
    from common.updates import BuildProgress
    from events.state.build import BuildState
    from roles.builder.service_builder import BuiltAgent
    from supervisor.facade import Supervisor

__all__ = ["build", "list_builds", "show_build"]

_MAX_FILE = 200_000


def build(
    *text: Annotated[str, Parameter(help="What the agent is to do; nothing: it is talked over first.")],
    file: Annotated[Path | None, Parameter(help="Read what it is to do from a file, YAML or text.")] = None,
    spec: Annotated[Path | None, Parameter(help="Build a specification (YAML) as it is.")] = None,
    resume: Annotated[str | None, Parameter(help="Go on with this build from its last finished stage.")] = None,
    name: Annotated[str | None, Parameter(help="What the agent is to be called.")] = None,
    answer: Annotated[tuple[str, ...], Parameter(help="What would be asked for: NAME=VALUE (repeatable).")] = (),
    deploy: Annotated[bool, Parameter(negative="--no-deploy", help="Put it into service (the default).")] = True,
    improvement: Annotated[str | None, Parameter(help="Build what this approved improvement asks for.")] = None,
    by: Annotated[str | None, Parameter(help="Who has it built (default: the login name).")] = None,
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Build an agent from a sentence: understood, specified, written, checked, tested, put into service.

    From then on requests are routed to it. A build that was interrupted goes on with --resume.
    """
    asked = " ".join(text).strip()
    if sum(map(bool, (asked, file, spec, resume, improvement))) > 1:
        raise ConfigurationError("a text, --file, --spec, --resume and --improvement exclude each other", where="build")
    requirements: str | Mapping[str, JsonValue] = _read_requirements(file) if file is not None else asked
    specification = _read(spec) if spec is not None else ""
    last = _Last()

    async def work() -> int:
        from supervisor.cli.progress import make_progress

        async with open_supervisor(common) as supervisor:
            last.model = supervisor.builds.builder.can_write()
            options: dict[str, Any] = {"answers": _answers(answer), "deploy": deploy}
            given, yaml = _named(requirements, name), specification
            if not (given or yaml or resume or improvement):
                agreed = await _talk(supervisor)
                if agreed is None:
                    return 0
                given, yaml = agreed
            progress = make_progress(quiet=quiet)

            def show(step: BuildProgress) -> None:
                last.step = step
                progress.show(step)

            with progress:
                built = await _build(supervisor, given, yaml, resume, improvement, who(by), options, show)
        if json:
            write_json(asdict(built))
        else:
            _tell(built)
        return 0

    try:
        return anyio.run(work)
    except (Exception, KeyboardInterrupt) as error:
        if (build_id := last.resumable(error)) is not None:
            note(f"Go on with it: agent-supervisor build --resume {build_id}")
        raise


@dataclass(slots=True)
class _Last:
    """What was seen of a build last; `model`: whether one is configured."""

    step: BuildProgress | None = None
    model: bool = False

    def resumable(self, error: BaseException) -> str | None:
        """The build, where it is of use to go on with it after that error."""
        from roles.builder.beginning import is_worth_resuming

        step = self.step
        if step is None:  # nothing was begun
            return None
        if step.state != "failed":  # it was interrupted
            return step.build_id
        code = error.code if isinstance(error, SupervisorError) else "error"
        return step.build_id if is_worth_resuming(step.stage, code, model=self.model) else None


async def _build(
    supervisor: Supervisor,
    given: str | Mapping[str, JsonValue],
    specification: str,
    resume: str | None,
    improvement: str | None,
    by: str,
    options: dict[str, Any],
    show: Callable[[BuildProgress], None],
) -> BuiltAgent:
    builds = supervisor.builds
    if resume is not None:
        return await builds.resume(resume, by=by, emit=show)
    if improvement is not None:
        from roles.builder.service_builder import improvement_build_id

        await supervisor.specialists.step()
        try:
            return await builds.resume(improvement_build_id(improvement), by=by, emit=show)
        except NotFound:
            raise NotFound(
                f"nothing is built for the improvement {improvement!r}", where="--improvement",
                todo="Approve it first: agent-supervisor improvements approve. Its plan has to be build_agent.",
            ) from None  # fmt: skip
    return await builds.create_agent(given, by=by, specification=specification, emit=show, **options)


async def _talk(supervisor: Supervisor) -> tuple[str, str] | None:
    """Talk it over until it is agreed: what was asked for, and the specification; None where nothing is to be built."""
    from roles.builder.conversation import Talk
    from supervisor.cli.lines import make_reader

    conversation = await supervisor.builds.conversation()
    reader = make_reader()
    write(conversation.begin())
    while True:
        try:
            line = await reader.read()
        except (EOFError, KeyboardInterrupt):
            note("Nothing was built.")
            return None
        said = await conversation.hear(line)
        if said.text:
            write(said.text)
        if said.state is Talk.STOPPED:
            return None
        if said.state is Talk.AGREED:
            return said.requirements, said.specification


def _tell(built: BuiltAgent) -> None:
    state = "is in service" if built.deployed else "is built, and not put into service"
    write(f"{built.name} {built.version} {state}.")
    write(f"  folder   {built.folder}")
    write(f"  build    {built.build_id}, {built.seconds:.1f} s, {built.reused} stages reused, {built.repairs} repairs")
    if built.model_calls:
        write(f"  model    {built.model_calls} calls, {built.tokens:,} tokens")
    for line in figure_lines(built.figures):
        write(f"  {line}")


def _read(file: Path) -> str:
    try:
        content = file.read_bytes()
        if len(content) > _MAX_FILE:
            raise ConfigurationError(f"the file has more than {_MAX_FILE:,} bytes", where=str(file))
        return content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"the file can't be read: {error.strerror}", where=str(file)) from None
    except UnicodeDecodeError:
        raise ConfigurationError("the file is no text in UTF-8", where=str(file)) from None


def _read_requirements(file: Path) -> str | Mapping[str, JsonValue]:
    text = _read(file)
    if file.suffix.lower() not in (".yaml", ".yml", ".json"):
        return text
    from common.yaml_document import read_yaml

    document = read_yaml(text, str(file))
    if document.problems:
        first = document.problems[0]
        raise ConfigurationError(first.what, where=first.where, todo=first.todo)
    return document.data if isinstance(document.data, dict) else text


def _named(given: str | Mapping[str, JsonValue], name: str | None) -> str | Mapping[str, JsonValue]:
    if not name or not given:
        return given
    return {"text": given, "name": name} if isinstance(given, str) else {**given, "name": name}


def _answers(given: tuple[str, ...]) -> dict[str, JsonValue]:
    answers: dict[str, JsonValue] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals or not name.strip():
            raise ConfigurationError("an answer is given as NAME=VALUE", where=f"--answer {item}")
        answers[name.strip()] = value.strip()
    return answers


def list_builds(
    *,
    limit: Annotated[int, Parameter(help="At most so many.")] = 20,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """The latest builds, newest first."""

    async def work() -> int:
        async with open_supervisor(common) as supervisor:
            rows = await supervisor.builds.list(limit=limit)
        if json:
            write_json(rows)
        elif not rows:
            note("No agent was built yet.")
        else:
            header = ("BUILD", "STATE", "STAGE", "AGENT", "CALLS", "STARTED", "RESULT")
            table = [
                (
                    str(row["id"])[:12], row["status"], row["stage"], f"{row['agent']} {row['agent_version']}".strip(),
                    str(row["model_calls"]), f"{row['started_at']:%Y-%m-%d %H:%M}", row["result"],
                )
                for row in rows
            ]  # fmt: skip
            write("\n".join(columns(header, table, terminal_width())))
        return 0

    return anyio.run(work)


def show_build(
    build_id: Annotated[str, Parameter(help="The build, or an unambiguous beginning of its id.")],
    /,
    *,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """One build, stage by stage, with what was tried."""

    async def work() -> int:
        from supervisor.building import told_status

        async with open_supervisor(common) as supervisor:
            state = await supervisor.builds.show(build_id)
            under_way = await supervisor.builds.builder.is_worked_on(state)
            further = not under_way and supervisor.builds.builder.may_come_further(state)
        status = told_status(state.status, under_way=under_way)
        if json:
            write_json(_data(state) | {"status": status})
        else:
            write("\n".join(_lines(state, status, further=further)))
        return 0

    return anyio.run(work)


def _data(state: BuildState) -> dict[str, Any]:
    return {
        "started": state.started.model_dump(mode="json"),
        "status": state.status,
        "stages": [done.model_dump(mode="json") for done in state.done.values()],
        "tried": [one.model_dump(mode="json") for one in state.tried],
        "finished": None if state.finished is None else state.finished.model_dump(mode="json"),
        "failed": None if state.failed is None else state.failed.model_dump(mode="json"),
        "model_calls": state.model_calls,
        "tokens": state.tokens,
        "seconds": round(state.seconds, 3),
    }


def _lines(state: BuildState, status: str, *, further: bool) -> list[str]:
    started = state.started
    asked = started.requirements if isinstance(started.requirements, str) else json_of.dumps(started.requirements)
    lines = [f"build {state.build_id}: {status}, begun by {started.by}"]
    if asked:
        lines.append(f"asked for: {one_line(asked, 300)}")
    for done in state.done.values():
        took = "reused" if done.reused else f"{done.seconds:.2f} s"
        lines.append(f"  {done.stage:<12} {took:>8}  {one_line(done.text, 200)}")
    lines += [f"  tried: {one.stage}, {one.component}: {one_line(one.error, 300)}" for one in state.tried]
    if state.failed is not None:
        lines.append(f"failed at {state.failed.stage}: {state.failed.error} {state.failed.todo}".rstrip())
    if further:
        lines.append(f"go on: agent-supervisor build --resume {state.build_id}")
    lines.append(f"{state.seconds:.1f} s, {state.model_calls} model calls, {state.tokens:,} tokens")
    return lines
