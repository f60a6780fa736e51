"""Writes the package of an agent, component by component, and only those that are not there already.

Every component's files are recorded in ``components.json`` with the hash of what they were made from, so an unchanged
component is taken from the build's folder, or from earlier builds whose checks it passed. One that has to be mended is
written anew: by its template where what was kept is not what the template writes, else by the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from pydantic import JsonValue

from common.errors import BuildError
from events.state.build import Stage
from roles.builder.stage_context import FRAME, PROJECT, Building, StageResult, group_of, run
from roles.builder.workspace import hash_of, hash_of_files
from roles.engineering.specification import Component, Specification

__all__ = ["group_files", "keep_components", "owners_of", "write_package"]

_RECORD = "components.json"
_OPTIMISED = "optimised"


async def write_package(build: Building, made: Specification) -> StageResult:
    """All files of the package, with a record of who wrote them. Raises `BuildError` for what can't be mended."""
    record = _read_record(await run(lambda: build.workspace.find(_RECORD)))
    package: dict[str, str] = {}
    written: dict[str, dict[str, JsonValue]] = {}
    counts = {"template": 0, "model": 0, "kept": 0}
    for component in made.component_order():
        key = build.parts.writing.component_hash(made, component)
        build.tell(Stage.WRITE, "started", component=component.name)
        files, by = await _files(build, made, component, key, record.get(component.name), package)
        _check_paths(made, component.name, files, package)
        package.update(files)
        written[component.name] = {"key": key, "by": by, "files": {path: hash_of(text) for path, text in files.items()}}
        counts["kept" if by.startswith("kept") else by] += 1
    frame = await group_files(build, made, "frames", build.parts.writing.frame, FRAME)
    if build.errors_of(FRAME):
        _refuse_same(build, FRAME, frame, await build.project())
    _check_paths(made, FRAME, frame, package)
    package.update(frame)
    written[FRAME] = {"key": "", "by": "template", "files": {path: hash_of(text) for path, text in frame.items()}}
    below = {path.removeprefix(f"{made.name}/"): text for path, text in package.items()}
    await run(lambda: build.workspace.write_all(below, f"{PROJECT}/{made.name}"))
    held = await build.write(_RECORD, json.dumps(written, indent=1))
    told = ", ".join(f"{count} {_WORDS[by]}" for by, count in counts.items() if count)
    artifacts = {_RECORD: held, "package": hash_of_files(package)}
    return StageResult(told, artifacts, reused=counts["kept"] == len(made.components))


async def group_files(
    build: Building,
    made: Specification,
    kind: str,
    write: Callable[[Specification], Mapping[str, str]],
    blamed: str,
) -> dict[str, str]:
    """Files that belong to the whole specification: those of an earlier build, where all of it is the same."""
    hashes = [build.parts.writing.component_hash(made, one) for one in made.components]
    key = hash_of(json.dumps([kind, build.parts.checking.version, made.fingerprint(), hashes]))
    held = None if build.errors_of(blamed) else _texts(await run(lambda: build.cache.get(kind, key)))
    if held is not None:
        return held
    files = dict(await run(lambda: write(made)))
    await run(lambda: build.cache.put(kind, key, {"files": dict[str, JsonValue](files)}))
    return files


_WORDS = {"template": "by templates", "model": "by the model", "kept": "unchanged"}


async def owners_of(build: Building, paths: Iterable[str]) -> list[str]:
    """The components whose files these are, in the order in which they were written."""
    record = _read_record(await run(lambda: build.workspace.find(_RECORD)))
    wanted = set(paths)
    return [name for name, entry in record.items() if name != FRAME and wanted & set(entry["files"])]


async def keep_components(build: Building, made: Specification) -> None:
    """Have later builds find the components, now that all checks are passed."""
    record = _read_record(await run(lambda: build.workspace.find(_RECORD)))
    files = group_of("package", await build.project())
    for component in made.components:
        entry = record.get(component.name)
        if entry is None or str(entry["by"]).startswith("kept"):
            continue
        own: dict[str, JsonValue] = {path: files[path] for path in entry["files"] if path in files}
        key, by = str(entry["key"]), str(entry["by"])
        if own:
            await run(lambda key=key, own=own, by=by: build.cache.put("components", key, {"by": by, "files": own}))


async def _files(
    build: Building,
    made: Specification,
    component: Component,
    key: str,
    before: Mapping[str, Any] | None,
    package: Mapping[str, str],
) -> tuple[Mapping[str, str], str]:
    """The files of one component, and who wrote them."""
    errors = build.errors_of(component.name)
    standing = await _standing(build, before, key)
    if not errors:
        if standing is not None and before is not None:
            return standing, str(before["by"])
        held = await run(lambda: build.cache.get("components", key))
        kept = _texts(held)
        if kept is not None:
            return kept, "kept"
    else:
        await run(lambda: build.cache.forget("components", key))
        better = await _optimised(build, made, standing)
        if better is not None:
            return better, "template"
    if not component.model:
        files = dict(await run(lambda: build.parts.writing.component(made, component)))
        if not errors or files != standing:
            return files, "template"
        if not build.model.label:
            _refuse_same(build, component.name, files, files)
    return await _by_model(build, made, component, errors, standing, package), "model"


async def _by_model(
    build: Building,
    made: Specification,
    component: Component,
    errors: list[str],
    standing: Mapping[str, str] | None,
    package: Mapping[str, str],
) -> Mapping[str, str]:
    if not build.model.label:
        raise BuildError(
            f"the component {component.name} has to be written by a model, and none is configured",
            where=component.name,
            todo=f"Configure the tier builder.tier names; what it is for: {component.responsibility}",
        )
    path = f"{made.name}/{component.name}.py"
    previous = (standing or {}).get(path, "")
    code = await build.model.component(made, component, package, errors, previous)
    if errors and code == previous:
        raise BuildError(f"the model gave the same code again for {component.name}: {errors[-1]}", where=component.name)
    return {**(standing or {}), path: code}


async def _standing(build: Building, before: Mapping[str, Any] | None, key: str) -> Mapping[str, str] | None:
    """A component's files as they stand in the folder; None where they are not those of the record, or of this key."""
    if before is None or before["key"] != key:
        return None
    texts: dict[str, str] = {}
    for path, expected in before["files"].items():
        text = await run(lambda path=path: build.workspace.find(f"{PROJECT}/{path}"))
        if text is None or hash_of(text) != expected:
            return None
        texts[path] = text
    return texts


async def _optimised(
    build: Building, made: Specification, standing: Mapping[str, str] | None
) -> Mapping[str, str] | None:
    """The component with the cheaper files that the last look at its cost left, which are used once."""
    cheaper = await run(lambda: build.workspace.texts(_OPTIMISED))
    mine = {path: text for path, text in cheaper.items() if standing is not None and path in standing}
    if not mine or standing is None:
        return None
    for path in mine:
        await run(lambda path=path: build.workspace.remove(f"{_OPTIMISED}/{path}"))
    return {**standing, **mine}


def _refuse_same(build: Building, component: str, files: Mapping[str, str], standing: Mapping[str, str]) -> None:
    """Raise `BuildError` where a template would only write the same text once more."""
    if all(standing.get(path) == text for path, text in files.items()):
        raise BuildError(
            f"{component} failed and its template writes nothing else: {build.errors_of(component)[-1]}",
            where=component,
            todo="Say the request in other words, or configure a model that can mend it.",
        )


def _check_paths(made: Specification, component: str, files: Mapping[str, str], package: Mapping[str, str]) -> None:
    for path in files:
        if not path.startswith(f"{made.name}/") or path in package:
            raise BuildError(f"{component} may not write {path!r}", where=component)


def _read_record(text: str | None) -> dict[str, dict[str, Any]]:
    try:
        held: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(held, dict):
        return {}
    entries = cast("dict[str, Any]", held)
    wanted = {"key", "by", "files"}
    return {name: entry for name, entry in entries.items() if isinstance(entry, dict) and wanted <= entry.keys()}


def _texts(held: JsonValue) -> dict[str, str] | None:
    files = held.get("files") if isinstance(held, dict) else None
    return {path: str(text) for path, text in files.items()} if isinstance(files, dict) and files else None
