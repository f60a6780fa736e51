"""Loggers of this project: what they say is redacted at its source, whatever the host's handlers do with it."""

from __future__ import annotations

import logging
import traceback

from common.redaction import current_redactor

__all__ = ["get_logger"]


class _Redacting(logging.Filter):
    """Puts the redacted message and traceback in place of the record's own."""

    def filter(self, record: logging.LogRecord) -> bool:
        redact = current_redactor.get().text
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info and record.exc_info[1] is not None:
            # handlers print this text; the exception itself, whose message may hold anything, does not leave
            record.exc_text = redact("".join(traceback.format_exception(record.exc_info[1])).rstrip("\n"))
            record.exc_info = None
        return True


def get_logger(name: str) -> logging.Logger:
    """The logger of a module (pass ``__name__``); made once, however often it is asked for."""
    logger = logging.getLogger(name)
    if not any(isinstance(known, _Redacting) for known in logger.filters):
        logger.addFilter(_Redacting())
    return logger
