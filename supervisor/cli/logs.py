"""Logging of the command line; the library itself only makes loggers."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from common.errors import ConfigurationError
from common.trace_context import current_trace_id
from supervisor.cli.output import redactor

__all__ = ["JsonFormatter", "TextFormatter", "TraceIdFilter", "configure_logging", "reset_logging"]

_NAME = "agent-supervisor"


class TraceIdFilter(logging.Filter):
    """Puts the trace id of the running request on every record, or None."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always passes the record on."""
        record.trace_id = current_trace_id.get()
        return True


class _Redacting(logging.Formatter):
    @staticmethod
    def _redact(text: str) -> str:
        return redactor().text(text)

    @staticmethod
    def when(record: logging.LogRecord) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    @staticmethod
    def trace_id(record: logging.LogRecord) -> str | None:
        return getattr(record, "trace_id", None)

    def message(self, record: logging.LogRecord) -> str:
        return self._redact(record.getMessage())

    def traceback(self, record: logging.LogRecord) -> str:
        text = self.formatException(record.exc_info) if record.exc_info else record.exc_text or ""
        return self._redact(text)


class TextFormatter(_Redacting):
    """``time LEVEL logger [trace id] message``, redacted; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        trace_id = self.trace_id(record) or "-"
        line = f"{self.when(record)} {record.levelname} {record.name} [{trace_id}] {self.message(record)}"
        traceback = self.traceback(record)
        return f"{line}\n{traceback}" if traceback else line


class JsonFormatter(_Redacting):
    """One JSON object a line: time, level, logger, message, trace_id and, with an exception, traceback; redacted."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        data: dict[str, Any] = {
            "time": self.when(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message(record),
            "trace_id": self.trace_id(record),
        }
        if traceback := self.traceback(record):
            data["traceback"] = traceback
        return json.dumps(data)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is now: the progress display takes its place while it is shown."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # pyright: ignore[reportIncompatibleVariableOverride]
        return sys.stderr


def configure_logging(level: str, file: Path | None, json_lines: bool) -> None:
    """Send the process's log records to `file`, or to standard error. Raises `ConfigurationError`."""
    handler: logging.Handler
    if file is None:
        handler = _StandardError()
    else:
        try:
            handler = logging.FileHandler(file, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise ConfigurationError(
                f"the log file can't be opened: {error.strerror or error}", where=str(file), todo="Name another one."
            ) from None
    handler.setFormatter(JsonFormatter() if json_lines else TextFormatter())
    handler.addFilter(TraceIdFilter())
    handler.name = _NAME
    reset_logging()
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level.upper())


def reset_logging() -> None:
    """Take away what `configure_logging` set up."""
    logging.captureWarnings(False)
    root = logging.getLogger()
    for handler in tuple(root.handlers):
        if handler.name == _NAME:
            root.removeHandler(handler)
            handler.close()
