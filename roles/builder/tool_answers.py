"""What the builder's tools take and answer. `draft` names a folder of the caller's own, in which the tools work."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

__all__ = [
    "AgentName", "Analyzed", "Asked", "Code", "Deployed", "Designed", "DraftName", "FileAt", "FileText", "Files",
    "Findings", "Folder", "Health", "NewFile", "Question", "Specified", "Tested", "Written",
]  # fmt: skip

_Draft = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="the draft that is worked on")]
_Path = Annotated[str, Field(min_length=1, max_length=200, description="within the draft, such as tests/test_it.py")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DraftName(_Shape):
    """A draft."""

    draft: _Draft


class Asked(DraftName):
    """What an agent is to do."""

    requirements: str = Field(min_length=1, max_length=20_000, description="what the agent is to do, in words")


class Question(_Shape):
    """Something that was not said."""

    name: str
    text: str


class Analyzed(_Shape):
    """What was understood; nothing can be specified while `questions` are open."""

    summary: str
    questions: list[Question]
    beyond: list[str] = Field(description="what a configured model would have to write")


class Designed(_Shape):
    """The components there will be."""

    summary: str


class Specified(_Shape):
    """A specification, as YAML."""

    name: str
    operations: list[str]
    specification: str


class Findings(_Shape):
    """What is wrong; empty: nothing was found."""

    ok: bool
    findings: list[str]


class FileAt(DraftName):
    """A file of a draft."""

    path: _Path


class NewFile(FileAt):
    """A file to be written."""

    text: str = Field(max_length=1_000_000)


class FileText(_Shape):
    """A file."""

    path: str
    text: str


class Written(_Shape):
    """A file that was written, with the SHA-256 of its content."""

    path: str
    sha256: str


class Folder(DraftName):
    """A folder of a draft."""

    path: _Path


class Code(DraftName):
    """Which code is to be written."""

    component: str = Field(default="", description="one component; empty: the whole package")


class Files(_Shape):
    """Files that were written."""

    paths: list[str]


class Tested(_Shape):
    """What became of tests in the sandbox."""

    ok: bool
    text: str
    failures: list[str]
    figures: dict[str, JsonValue]


class AgentName(_Shape):
    """A built agent."""

    name: str = Field(min_length=1, max_length=48)


class Deployed(_Shape):
    """An agent that was put into service."""

    name: str
    version: str


class Health(_Shape):
    """How an agent is."""

    ok: bool
    text: str
