"""The stages of a build: what each of them does."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast

from pydantic import JsonValue

from common.errors import BuildError, ConstraintViolation, SupervisorError
from events.state.build import Stage
from roles.builder.component_writing import group_files, keep_components, owners_of, write_package
from roles.builder.parts import Checked, Failed, Question
from roles.builder.source_check import check_sources
from roles.builder.stage_context import (
    PROJECT,
    SPECIFICATION,
    TESTS,
    Back,
    Building,
    StageResult,
    group_of,
    run,
)
from roles.builder.workspace import hash_of, hash_of_files
from roles.engineering.specification import Specification

__all__ = ["WORK"]

_MAX_REQUEST = 20_000
Check = Callable[[Specification, Mapping[str, str]], Awaitable[Checked]]


async def _analyze(build: Building) -> StageResult:
    """Read the schema and what is asked for; all questions have to be answered."""
    started = build.state.started
    if started.specification:
        return StageResult("given as a specification")
    understanding = build.parts.understanding
    sources = await understanding.read_schema(build.database_url) if build.database_url else ()
    given = started.requirements
    if not isinstance(given, str | dict) or not given or len(json.dumps(given)) > 4 * _MAX_REQUEST:
        raise BuildError("the requirements are a text or a mapping, and not empty", where="requirements")
    needs = await run(lambda: understanding.analyze(given, sources))
    if needs.questions and not (needs.beyond and build.model.label):
        asked = " ".join(one.text for one in needs.questions)
        raise BuildError(
            f"some things have to be known first: {asked}", where="requirements", todo=_how_to_answer(needs.questions)
        )
    if needs.beyond and not build.model.label:
        raise BuildError(
            f"this is beyond what can be built without a model: {'; '.join(needs.beyond)}",
            where="requirements",
            todo=f"Configure a model for {'; '.join(needs.beyond)} (docs/models.md, docs/local-models.md), or ask for "
            "calculations over the tables of a database.",
        )
    held = json.dumps([one.model_dump(mode="json") for one in sources], indent=1)
    artifacts = {
        "sources.json": await build.write("sources.json", held),
        "requirements.json": await build.write("requirements.json", needs.model_dump_json()),
    }
    return StageResult(_first_line(needs.summary()), artifacts)


def _how_to_answer(questions: Sequence[Question]) -> str:
    given = " ".join(f'--answer {one.name}="…"' for one in questions)
    return f"Say it in the request, or add {given}, or run agent-supervisor build without a text and answer there."


async def _design(build: Building) -> StageResult:
    if build.state.started.specification:
        return StageResult("given as a specification")
    understanding = build.parts.understanding
    needs = understanding.needs_of(await build.read("requirements.json"))
    if needs.beyond:
        return StageResult("left to the model")
    plan = understanding.design(needs, await build.sources())
    artifacts = {"architecture.json": await build.write("architecture.json", plan.model_dump_json())}
    return StageResult(_first_line(plan.summary()), artifacts)


async def _specify(build: Building) -> StageResult:
    """Everything that code is written from, with the version that it will be deployed under."""
    understanding = build.parts.understanding
    errors = build.errors_of(SPECIFICATION)
    given = build.state.started.specification
    if given:
        if errors:
            raise BuildError(f"the specification that was given can't be used: {errors[-1]}", where="specification")
        made = understanding.from_yaml(given)
    else:
        made = await _specified(build, errors)
    deploying = build.parts.deploying
    if deploying is not None and build.state.started.deploy:
        made = await _versioned(build, made)
    artifacts = {"specification.yaml": await build.write("specification.yaml", understanding.to_yaml(made))}
    operations = ", ".join(one.name for one in made.operations)
    return StageResult(f"{made.name} {made.version}: {operations}", artifacts)


async def _specified(build: Building, errors: list[str]) -> Specification:
    understanding = build.parts.understanding
    needs = understanding.needs_of(await build.read("requirements.json"))
    sources = await build.sources()
    if needs.beyond:
        asked = build.state.started.requirements
        text = asked if isinstance(asked, str) else json.dumps(asked, ensure_ascii=False)
        before = await run(lambda: build.workspace.find("specification.yaml")) if errors else None
        return await build.model.specify(text, needs.beyond, sources, errors, before or "")
    if errors:
        raise BuildError(f"the specification can't be used: {errors[-1]}", where="specification")
    plan = understanding.plan_of(await build.read("architecture.json"))
    return understanding.specify(needs, plan, sources)


async def _versioned(build: Building, made: Specification) -> Specification:
    """With the version in service where nothing changed, so that it stays the same agent; else with a new one."""
    deploying = build.parts.deploying
    assert deploying is not None  # noqa: S101 - the caller looked
    there = await deploying.in_service(made.name)
    if there is not None:
        same = made.model_copy(update={"version": there.version})
        if same.fingerprint() == there.specification_hash:
            return same
    return made.model_copy(update={"version": await deploying.next_version(made.name, made.version)})


async def _validate(build: Building) -> StageResult:
    made = await build.specification()
    findings = await run(lambda: build.parts.understanding.check(made))
    if findings:
        raise Back(Stage.SPECIFY, [Failed(SPECIFICATION, "; ".join(str(one) for one in findings[:10]))])
    if build.parts.ready is not None:  # what can't be run need not be written
        await build.parts.ready()
    if build.state.started.specification:
        await check_sources(build.parts.understanding, made, build.database_url)
    order = " → ".join(one.name for one in made.component_order())
    return StageResult(f"{len(made.components)} components: {order}")


async def _write(build: Building) -> StageResult:
    return await write_package(build, await build.specification())


async def _write_tests(build: Building) -> StageResult:
    made = await build.specification()
    files = await group_files(build, made, "tests", build.parts.writing.tests, TESTS)
    if (errors := build.errors_of(TESTS)) and files == group_of("tests", await build.project()):
        raise BuildError(f"the tests failed and would be written the same again: {errors[-1]}", where=TESTS)
    for path in files:
        if not path.startswith("tests/"):
            raise BuildError("tests stand below tests/", where=path)
    below = {path.removeprefix("tests/"): text for path, text in files.items()}
    await run(lambda: build.workspace.write_all(below, f"{PROJECT}/tests"))
    return StageResult(f"{len(files)} files", {"tests": hash_of_files(files)})


async def _syntax(build: Building) -> StageResult:
    return await _checked(build, Stage.SYNTAX, build.parts.checking.syntax)


async def _security(build: Building) -> StageResult:
    return await _checked(build, Stage.SECURITY, build.parts.checking.security)


async def _test(build: Building) -> StageResult:
    return await _checked(build, Stage.TEST, build.parts.checking.tests)


async def _checked(build: Building, stage: Stage, check: Check) -> StageResult:
    """A check of the package and its tests; one that passed for the same files is not made again."""
    made = await build.specification()
    files = {path: text for path, text in (await build.project()).items() if "/" in path}
    key = hash_of(json.dumps([stage, build.parts.checking.version, made.fingerprint(), hash_of_files(files)]))
    held = await run(lambda: build.cache.get("checks", key))
    reused = isinstance(held, dict)
    if isinstance(held, dict):
        found = Checked(figures=cast("dict[str, JsonValue]", held.get("figures") or {}), text=str(held.get("text", "")))
    else:
        found = await check(made, files)
    await build.write(f"{stage}.json", _report(found))
    if found.failures:
        await _refuse(build, made, found, files)
    if stage is Stage.TEST:
        await keep_components(build, made)
    if not reused:
        value: dict[str, JsonValue] = {"figures": dict(found.figures or {}), "text": found.text}
        await run(lambda: build.cache.put("checks", key, value))
    artifacts = {f"{stage}.json": hash_of(_report(found))}
    return StageResult(found.text, artifacts, reused)


async def _refuse(build: Building, made: Specification, found: Checked, files: Mapping[str, str]) -> None:
    """Go back, or fail where a limit is broken that nothing here can mend."""
    over = [one for one in found.failures if one.constraint]
    if over and len(over) == len(found.failures):
        component, told = over[0].component, "; ".join(one.error for one in over)
        better = None if build.parts.optimise is None else await build.parts.optimise(made, files, component)
        changed = {path: text for path, text in (better or {}).items() if files.get(path) != text}
        if not changed and not build.model.label:
            raise ConstraintViolation(told, where=component, todo="Ask for less at once, or for fewer modes.")
        for path, text in changed.items():
            await build.write(f"optimised/{path}", text)
        if owners := await owners_of(build, changed):
            # what is to be written anew is what was changed, which need not be where the cost was seen
            raise Back(Stage.WRITE, [Failed(one, told, constraint=True) for one in owners])
    of_tests = [one for one in found.failures if one.component == TESTS]
    if len(of_tests) == len(found.failures):
        raise Back(Stage.WRITE_TESTS, of_tests)
    raise Back(Stage.WRITE, [one for one in found.failures if one.component != TESTS])


def _report(found: Checked) -> str:
    told = {
        "text": found.text,
        "figures": dict(found.figures or {}),
        "failures": [{"component": one.component, "error": one.error} for one in found.failures],
    }
    return json.dumps(told, indent=1, ensure_ascii=False)


async def _document(build: Building) -> StageResult:
    made = await build.specification()
    files = dict(await run(lambda: build.parts.writing.documents(made)))
    files["specification.yaml"] = build.parts.understanding.to_yaml(made)
    for path, text in files.items():
        if "/" in path:
            raise BuildError("documents stand at the top of the agent's folder", where=path)
        await build.write(f"{PROJECT}/{path}", text)
    return StageResult(", ".join(sorted(files)), {"documents": hash_of_files(files)})


async def _deploy(build: Building) -> StageResult:
    deploying = build.parts.deploying
    if deploying is None or not build.state.started.deploy:
        return StageResult("left out, as it was asked for")
    made = await build.specification()
    figures = json.loads(await build.read(f"{Stage.TEST}.json"))["figures"]
    folder = build.workspace.root / PROJECT
    started = build.state.started
    specified = hash_of(await build.read("specification.yaml"))
    if specified != build.state.done[Stage.SPECIFY].artifacts["specification.yaml"]:
        raise BuildError("the specification is not the one that was checked", where="deploy", todo="Resume the build.")
    files = await build.project()
    for stage, group in ((Stage.WRITE, "package"), (Stage.WRITE_TESTS, "tests"), (Stage.DOCUMENT, "documents")):
        if hash_of_files(group_of(group, files)) != build.state.done[stage].artifacts[group]:
            raise BuildError("the files are not those that were checked", where=group, todo="Resume the build.")
    placed = await deploying.deploy(
        folder, made, files, figures, build=build.build_id, by=started.by,
        improvement=started.improvement,
    )  # fmt: skip
    before = placed.build != build.build_id
    told = " unchanged" if before else ""
    return StageResult(f"{placed.name} {placed.version} is in service{told}", reused=before)


async def _health(build: Building) -> StageResult:
    deploying = build.parts.deploying
    if deploying is None or not build.state.started.deploy:
        return StageResult("left out, as it was asked for")
    made = await build.specification()
    try:
        return StageResult(await deploying.verify_health(made.name))
    except SupervisorError as error:
        if build.state.done[Stage.DEPLOY].reused:  # another build deployed it, so it is not for this one to take back
            raise BuildError(f"{made.name} is in service and not well: {error.what}", where=made.name) from error
        await deploying.withdraw(
            made.name, build=build.build_id, by=build.state.started.by, reason=f"not well: {error.what}"
        )
        raise BuildError(
            f"{made.name} was put into service and is not well, so it was taken back: {error.what}", where=made.name
        ) from error


def _first_line(text: str) -> str:
    return text.partition("\n")[0][:300]


WORK: Mapping[Stage, Callable[[Building], Awaitable[StageResult]]] = {
    Stage.ANALYZE: _analyze,
    Stage.DESIGN: _design,
    Stage.SPECIFY: _specify,
    Stage.VALIDATE: _validate,
    Stage.WRITE: _write,
    Stage.WRITE_TESTS: _write_tests,
    Stage.SYNTAX: _syntax,
    Stage.SECURITY: _security,
    Stage.TEST: _test,
    Stage.DOCUMENT: _document,
    Stage.DEPLOY: _deploy,
    Stage.HEALTH: _health,
}
"""What each stage does. Asked again after a crash, a stage does the same once more."""
