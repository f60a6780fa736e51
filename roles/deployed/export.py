"""A deployed version as a folder of its own: an importable package with tests, or an AWS Bedrock AgentCore agent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import DeploymentError
from roles.deployed.version_folder import MANIFEST, Version

if TYPE_CHECKING:
    from roles.engineering.specification import Specification

__all__ = ["agentcore_files", "export_files", "write_export"]

_PYPROJECT = """\
[project]
name = {project}
version = {version}
description = {description}
requires-python = ">=3.11"
dependencies = {dependencies}

[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[tool.setuptools]
packages = [{package}]
"""

_ENTRY = '''\
"""The agent {title} on AWS Bedrock AgentCore.

POST /invocations takes ``{{"operation": "{operation}", "arguments": {{…}}}}`` and answers ``{{"result": {{…}}}}``, or
``{{"error": {{"code", "message", "todo"}}}}``; without "operation" it is {operation}. GET /ping tells that it is there.
"""

from __future__ import annotations

import os
from typing import Any

from bedrock_agentcore import BedrockAgentCoreApp

from {package} import create
from {package}.errors import AgentError

OPERATIONS = {operations}

app = BedrockAgentCoreApp()
agent = create()


def _refused(message: str) -> dict[str, Any]:
    todo = f"Operations: {{', '.join(OPERATIONS)}}."
    return {{"error": {{"code": "invalid_input", "message": message, "todo": todo}}}}


@app.entrypoint
def invoke(payload: dict[str, Any]) -> dict[str, Any]:
    """Answer one invocation."""
    operation = payload.get("operation", OPERATIONS[0])
    arguments = payload.get("arguments", {{}})
    if operation not in OPERATIONS:
        return _refused(f"there is no operation {{str(operation)[:80]!r}}")
    if not isinstance(arguments, dict):
        return _refused("arguments must be an object")
    try:
        return {{"result": agent.call(operation, arguments)}}
    except AgentError as error:
        return {{"error": {{"code": error.code, "message": str(error), "todo": getattr(error, "todo", "")}}}}
    except TypeError as error:
        return _refused(f"these arguments don't fit: {{error}}")


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "8080")))
'''
_DATABASE = ("sqlalchemy>=2.0,<3", "psycopg[binary]>=3.2,<4")


def export_files(specification: Specification, version: Version) -> dict[str, bytes]:
    """The files of a version with its manifest, and a ``pyproject.toml`` where it has none of its own."""
    files = dict(version.files)
    files.setdefault("pyproject.toml", _pyproject(specification, version.manifest.version).encode())
    files[MANIFEST] = version.manifest.to_bytes()
    return files


def agentcore_files(specification: Specification, version: Version) -> dict[str, bytes]:
    """The same, with ``agentcore_app.py`` as entry point and ``requirements.txt`` for its image."""
    operations = [operation.name for operation in specification.operations]
    entry = _ENTRY.format(
        title=specification.title.replace('"', "'").replace("\\", "/"), package=specification.name,
        operation=operations[0], operations=repr(tuple(operations)),
    )  # fmt: skip
    needed = ["bedrock-agentcore>=1.25,<2", *_needed(specification)]
    return {
        **export_files(specification, version),
        "agentcore_app.py": entry.encode(),
        "requirements.txt": ("\n".join(needed) + "\n").encode(),
    }


def write_export(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that is new or empty. Blocks. Raises `DeploymentError`."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise DeploymentError(
                "there is something in the folder already", where=str(folder), todo="Name a new or empty folder."
            )
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except OSError as error:
        raise DeploymentError(
            f"the folder can't be written: {error.strerror}", where=str(folder), todo="Name another folder."
        ) from None


def _needed(specification: Specification) -> list[str]:
    return [*_DATABASE] if specification.sources else []


def _pyproject(specification: Specification, version: str) -> str:
    # a TOML basic string is written as a JSON string is
    return _PYPROJECT.format(
        project=json.dumps(specification.name.replace("_", "-")),
        version=json.dumps(version),
        description=json.dumps(specification.title),
        dependencies=json.dumps(_needed(specification)),
        package=json.dumps(specification.name),
    )
