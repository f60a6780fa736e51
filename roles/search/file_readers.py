"""Readers of .html and .pdf files, which read each document in a process of its own (see `extraction`)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from common.errors import ConfigurationError
from common.extras import import_extra
from roles.search.reader import (
    Passage,
    ReadDocument,
    ReaderUnavailable,
    UnreadableDocument,
    passages_under,
    title_from,
)

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["HtmlReader", "PdfReader"]

_SCRIPT = Path(__file__).with_name("extraction.py")


class _ChildReader:
    """Hands a document to a process that may use `cpu_seconds`, and as much again until its answer is there.

    `max_pages` and `max_chars` bound what is taken of one document; what is left out is told in its note.
    """

    suffixes: ClassVar[frozenset[str]]
    _kind: ClassVar[str]
    _module: ClassVar[str]

    def __init__(self, *, cpu_seconds: int = 8, max_pages: int = 500, max_chars: int = 1_000_000) -> None:
        self._cpu_seconds = cpu_seconds
        self._bounds = (str(cpu_seconds), str(max_pages), str(max_chars))

    def require(self) -> None:
        """See the protocol."""
        self._package()

    def read(self, name: str, data: bytes) -> ReadDocument:
        """See the protocol."""
        found = self._ask(data)
        if problem := found.get("problem"):
            raise UnreadableDocument(str(problem))
        title = str(found["title"]) or title_from(name)
        passages: list[Passage] = []
        for path, text in found["sections"]:
            passages += passages_under(path, text, title)
        return ReadDocument(title, tuple(passages), note=str(found["note"]))

    def _ask(self, data: bytes) -> dict[str, Any]:
        packages = Path(self._package().__path__[0]).parent
        command = [sys.executable, "-I", "-S", str(_SCRIPT), self._kind, str(packages), *self._bounds]
        try:
            ended = subprocess.run(  # noqa: S603 - this interpreter, and a script of this package
                command,
                input=data,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=2 * self._cpu_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UnreadableDocument("it takes too long to read") from None
        except OSError as error:
            raise ReaderUnavailable(f"no process could be started to read it: {error.strerror or error}") from error
        if ended.returncode != 0:
            # A bound that the system enforces ends the process by a signal, before it can say anything.
            raise UnreadableDocument("it takes too long or too much memory to read")
        try:
            return json.loads(ended.stdout)
        except ValueError:
            raise UnreadableDocument("nothing could be read of it") from None

    def _package(self) -> ModuleType:
        try:
            return import_extra(self._module, extra="documents", where="search.folder")
        except ConfigurationError as error:
            raise ReaderUnavailable(f"{error.what}; {error.todo[:1].lower()}{error.todo[1:].rstrip('.')}") from error


class HtmlReader(_ChildReader):
    """HTML: the title is the page's, passages are what one sees under each heading; navigation is left out."""

    suffixes = frozenset({".html", ".htm"})
    _kind = "html"
    _module = "selectolax"


class PdfReader(_ChildReader):
    """PDF: the title is the document's own or its first line, passages stand under their page ("page 3")."""

    suffixes = frozenset({".pdf"})
    _kind = "pdf"
    _module = "pypdf"
