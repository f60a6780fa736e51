"""Reads files of traces, gzipped or not, as a stream: rows of our format, or OpenTelemetry spans in OTLP JSON."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, cast

from common.errors import ConfigurationError
from supervisor.learning.otlp import SpanGroups
from supervisor.learning.trace_rows import BadRow, ReadRow, read_row

__all__ = ["FileProblem", "FileRow", "TraceFormat", "read_traces"]

TraceFormat = Literal["rows", "otlp"]

_MAX_LINE = 64 * 1024 * 1024
_MAX_DOCUMENT = 256 * 1024 * 1024
_LOOK = 64 * 1024
_SHORT = 200
"""A document that is laid out for people begins with a line shorter than this; a line of spans is longer."""
_SPANS = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{[^{}\[\]]*"resource(?:Spans|Logs|Metrics)"\s*:')
_GZIP = b"\x1f\x8b"
_TOLD_EVERY = 200


@dataclass(frozen=True, slots=True)
class FileRow:
    """A trace, and the line that it stands in (for spans: that its last one stands in)."""

    line: int
    row: ReadRow


@dataclass(frozen=True, slots=True)
class FileProblem:
    """What could not be taken as it stands. `skipped` says that nothing of it was taken."""

    line: int
    text: str
    skipped: bool = True


def read_traces(
    path: Path,
    user: str,
    *,
    agent_type: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Generator[FileRow | FileProblem]:
    """The traces of a file, one after the other, and what is wrong with it; blocks.

    `agent_type` is for traces that do not say theirs. `progress` is called with the bytes read and all there are.
    Raises `ConfigurationError` for a file that can't be read at all.
    """
    try:
        with ExitStack() as opened:
            raw = opened.enter_context(path.open("rb"))
            size = path.stat().st_size
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            file = cast("IO[bytes]", opened.enter_context(gzip.open(raw, "rb")) if packed else raw)
            shape = _shape(file)
            file.seek(0)
            lines = _document(file) if shape == "document" else _lines(file, raw, size, progress)
            reader = _read_rows if shape == "rows" else _read_spans
            yield from reader(lines, user, agent_type)
    except OSError as error:
        raise ConfigurationError(f"the file can't be read: {error.strerror or error}", where=str(path)) from None


def _shape(file: IO[bytes]) -> Literal["rows", "lines", "document"]:
    """Rows, spans by lines, or one document of spans, by what the file begins with."""
    try:
        start = file.read(_LOOK)
    except (EOFError, zlib.error, gzip.BadGzipFile):  # told when it is read
        return "rows"
    if _SPANS.match(start) is None:
        return "rows"
    first, end, rest = start.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    if not end or not rest.strip():
        return "lines"
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return "document" if len(first) < _SHORT else "lines"
    return "lines"


_Line = tuple[int, bytes | str]
"""Its number and its bytes, or what is wrong."""


def _lines(file: IO[bytes], raw: IO[bytes], size: int, progress: Callable[[int, int], None] | None) -> Iterator[_Line]:
    number = 0
    while True:
        number += 1
        try:
            line = file.readline(_MAX_LINE)
            if len(line) == _MAX_LINE and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):
                    line = file.readline(_MAX_LINE)
                yield number, f"the line is longer than {_MAX_LINE:,} bytes"
                continue
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            yield number, f"the rest can't be unpacked: {error}"
            return
        if progress is not None and (number % _TOLD_EVERY == 0 or not line):
            progress(raw.tell() if line else size, size)
        if not line:
            return
        if line.strip():
            yield number, line


def _document(file: IO[bytes]) -> Iterator[_Line]:
    try:
        content = file.read(_MAX_DOCUMENT + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield 1, f"it can't be unpacked: {error}"
        return
    if len(content) > _MAX_DOCUMENT:
        yield 1, f"the document is larger than {_MAX_DOCUMENT:,} bytes; write one export request a line"
        return
    yield 1, content


def _parsed(line: bytes) -> Any:
    """The JSON of a line. Raises `BadRow`."""
    try:
        return json.loads(line.removeprefix(b"\xef\xbb\xbf").decode())
    except UnicodeDecodeError:
        raise BadRow("it is no text in UTF-8") from None
    except RecursionError:
        raise BadRow("its JSON is nested too deeply") from None
    except ValueError as error:
        raise BadRow(f"it is no JSON: {getattr(error, 'msg', None) or 'a number is too long'}") from None


def _read_rows(lines: Iterator[_Line], user: str, agent_type: str | None) -> Generator[FileRow | FileProblem]:
    for number, line in lines:
        if isinstance(line, str):
            yield FileProblem(number, line)
            continue
        try:
            row = read_row(_parsed(line), user, agent_type)
        except BadRow as error:
            yield FileProblem(number, str(error))
            continue
        for remark in row.remarks:
            yield FileProblem(number, remark, skipped=False)
        yield FileRow(number, row)


def _read_spans(lines: Iterator[_Line], user: str, agent_type: str | None) -> Generator[FileRow | FileProblem]:
    groups = SpanGroups(user, agent_type)
    for number, line in lines:
        if isinstance(line, str):
            yield FileProblem(number, line)
            continue
        try:
            parsed = _parsed(line)
        except BadRow as error:
            yield FileProblem(number, str(error))
            continue
        for request in cast("list[object]", parsed) if isinstance(parsed, list) else [parsed]:
            for problem in groups.add(request, number):
                yield FileProblem(number, problem)
        yield from _told(groups.overflow())
    yield from _told(groups.rest())


def _told(rows: Iterator[tuple[int, ReadRow]]) -> Generator[FileRow | FileProblem]:
    for number, row in rows:
        for remark in row.remarks:
            yield FileProblem(number, remark, skipped=False)
        yield FileRow(number, row)
